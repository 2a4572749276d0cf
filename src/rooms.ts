// All rooms, joined as the daemon joins them: each gets the log, the clocks and the one dispatch by which it reaches the
// others. Whoever needs a daemon without its doors builds this.
// Promises: before `begin` nothing happens that nobody asked for; after `end` no room starts anything.

import { excludingNow } from './lib/exclude.ts'
import type { CaptureSettings } from './protocol/capture.ts'
import { createDispatch, type Dispatch, type Handlers } from './core/dispatch.ts'
import type { Ground } from './core/ground.ts'
import type { Bounds } from './core/subscription.ts'
import type { ArchiveClient } from './archive/calls.ts'
import { createActions } from './features/actions.ts'
import { createAgents } from './features/agents.ts'
import { createArchive } from './features/archive.ts'
import { createCapture } from './features/capture.ts'
import { createCommits } from './features/commits.ts'
import type { Keeping } from './features/commits/ground.ts'
import { createEvents } from './features/events.ts'
import { createGuards } from './features/guards.ts'
import { createJobs } from './features/jobs.ts'
import { createLocks } from './features/locks.ts'
import { createPrompts } from './features/prompts.ts'
import { createRules } from './features/rules.ts'
import { createSessions } from './features/sessions.ts'
import type { SessionSettings } from './features/sessions/ground.ts'
import { createSystem, type Facts } from './features/system.ts'
import { createWebhooks, type PostToSelf } from './features/webhooks.ts'

/** What differs from daemon to daemon. */
export type Choices = {
  accepting: () => boolean
  bounds: Bounds
  isStored: (channel: string) => boolean
  /** of the user who started it */
  env: Readonly<Record<string, string | undefined>>
  umask: number
  captureSettings: () => CaptureSettings
  archive: {
    client: ArchiveClient
    /** whether transcripts are kept as they grow */
    live: boolean
    exists: () => boolean
  }
  /** what a commit writes into its repository */
  keeping: Pick<Keeping, 'writePrompts' | 'gitNotes'>
  /** where Claude Code has its transcripts */
  claudeFolder: string | undefined
  /** whether a hook of this key waits in the spool */
  isSpooled: (key: string) => boolean
  /** the options `sessions.*`, and where those work that are given no folder */
  sessions: SessionSettings & { workspaces: string }
  /** where it writes what `paid hook` goes by while no daemon runs */
  guardsFile: string
  postToSelf: PostToSelf
  isExposed: boolean
  facts: () => Facts
  stop: (by: string, reason: string | undefined) => void
}

export const createRooms = (ground: Ground, choices: Choices) => {
  const { log, bus, logger } = ground
  const { accepting, env, umask, postToSelf, isExposed, facts, stop } = choices
  const locks = createLocks(ground)
  const guards = createGuards({ ...ground, file: choices.guardsFile })
  const actions = createActions({ ...ground, surroundings: { env, umask } })
  const jobs = createJobs(ground)
  const rules = createRules(ground)
  const { workspaces, ...settings } = choices.sessions
  const { claudeFolder, isSpooled } = choices
  const sessions = createSessions({
    ...ground,
    settings,
    workspaces,
    env,
    umask,
    claudeFolder,
    isSpooled,
    isExcluded: excludingNow(() => choices.captureSettings().privacy.excludePatterns),
    checkGuards: (peer, use) => dispatch(peer, 'guard.check', use),
  })
  const capture = createCapture({ ...ground, settings: choices.captureSettings, umask })
  const { client, live, exists } = choices.archive
  const archive = createArchive({ ...ground, archive: client, live, exists })
  const commits = createCommits({
    ...ground,
    archive: client,
    keeping: { ...choices.keeping, umask },
    live,
    claudeFolder,
  })
  const dispatch: Dispatch = createDispatch({
    logger,
    accepting,
    handlers: (own): Handlers => ({
      ...createEvents({
        log,
        bus,
        bounds: choices.bounds,
        isStored: choices.isStored,
        isOwn: sessions.isOwn,
      }),
      ...locks.handlers,
      ...guards.handlers(own),
      ...actions.handlers(own),
      ...jobs.handlers(own),
      ...rules.handlers(own),
      ...createAgents({ ...ground, dispatch: own }),
      ...createWebhooks({ ...ground, dispatch: own, postToSelf, isExposed }),
      ...sessions.handlers,
      ...archive.handlers,
      ...capture.handlers,
      ...commits.handlers,
      ...createPrompts({ log, archive: client, exists }),
      ...createSystem({ log, dispatch: own, facts, stop }),
    }),
  })
  return {
    dispatch,

    /** What must be known before anybody calls. */
    recall: (): Promise<void> => guards.recall(dispatch),

    /** Takes up what the run before left: what is due, what was cut off. */
    begin: (): void => {
      rules.begin(dispatch)
      jobs.begin()
      archive.begin()
      capture.begin()
      commits.begin()
    },

    /** While calls still come: writes what is only half done. */
    finish: (): Promise<void> => capture.close(),

    /** Nobody waits any longer, and nothing begins; resolves with whether somebody had to be ended. */
    end: async (): Promise<boolean> => {
      archive.close()
      const linked = commits.close()
      jobs.close()
      guards.close()
      locks.close()
      rules.close()
      await linked
      const ended = await Promise.all([actions.close(), sessions.close()])
      return ended.includes(true)
    },
  }
}
