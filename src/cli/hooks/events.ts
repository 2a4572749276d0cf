// Which events of Claude Code `paid hooks install` asks for, and how: the one place to change it.
// `async` runs the hook beside the session, which then waits for nothing; what such a hook says comes late, or never.
// Those whose reply may tell the session something are waited for (some milliseconds), once for each prompt, for each
// message that used tools and for each end of a turn. So are those at the end of a session: Claude Code may exit right
// after them and take a hook that is still running with it. While there are guards, so is the one before a tool that
// they are about; all other tools have one that runs beside, so that no tool is told of twice.
// Left out on purpose: WorktreeCreate, whose hook has to create the worktree itself.

import { guardedTools } from '../../lib/guarded-tools.ts'
import { limits } from '../../protocol/limits.ts'

export type HookOptions = {
  async?: true
  asyncRewake?: true
  timeout?: number
  /** words after `hook` */
  flags?: readonly string[]
}

const beside: HookOptions = { async: true }
/** the timeout is Claude Code's, in seconds, and far above what `paid hook` takes; its own for SessionEnd is 1.5 */
const waitedFor: HookOptions = { timeout: 5 }
/** it runs while the dialog is open, which waits for nothing; who answers in time decides */
const asking: HookOptions = { timeout: 3600, flags: ['--reply'] }
const answered: HookOptions = { timeout: 5, flags: ['--reply'] }

export const hookEvents: Readonly<Record<string, HookOptions>> = {
  SessionStart: beside,
  SessionEnd: waitedFor,
  Setup: beside,
  UserPromptSubmit: answered,
  UserPromptExpansion: beside,
  PreToolUse: beside,
  PermissionRequest: asking,
  PermissionDenied: beside,
  PostToolUse: beside,
  PostToolUseFailure: beside,
  PostToolBatch: answered,
  MessageDisplay: beside,
  Notification: beside,
  Elicitation: beside,
  ElicitationResult: beside,
  SubagentStart: beside,
  SubagentStop: beside,
  TaskCreated: beside,
  TaskCompleted: beside,
  TeammateIdle: beside,
  Stop: answered,
  StopFailure: waitedFor,
  PreCompact: beside,
  PostCompact: beside,
  PreModelSwitch: beside,
  PostModelSwitch: beside,
  ConfigChange: beside,
  InstructionsLoaded: beside,
  CwdChanged: beside,
  FileChanged: beside,
  DirectoryAdded: beside,
  WorktreeRemove: beside,
}

/** beyond the longest wait for a lock */
const guardedSeconds = limits.guardWaitMs / 1000 + 30

/** The tools that guards are about, and all others: Claude Code reads them as regular expressions. */
const guarded = guardedTools.join('|')
const unguarded = `^(?!(?:${guarded})$)`

/** One hook of an event, for the tools that its matcher means. */
export type HookWish = { event: string; matcher?: string; options: HookOptions }

const rewakeFlag = '--rewake'
/** Asked for by name alone: a process beside each session whose turn is over. It ends by itself long before its day is over. */
export const rewakeWish: HookWish = {
  event: 'Stop',
  options: { asyncRewake: true, timeout: 86_400, flags: [rewakeFlag] },
}

const wishes: readonly HookWish[] = Object.entries(hookEvents).map(([event, options]) => ({ event, options }))

const guardedWishes: readonly HookWish[] = wishes.flatMap((wish) =>
  wish.event === 'PreToolUse'
    ? [
        { ...wish, matcher: guarded, options: { ...answered, timeout: guardedSeconds } },
        { ...wish, matcher: unguarded },
      ]
    : [wish],
)

export const wishesFor = (guards: boolean): readonly HookWish[] => (guards ? guardedWishes : wishes)

/** What makes two hooks the same one; a matcher that is not ours tells nothing. */
export const wishKey = (event: string, matcher: unknown, words: unknown): string => {
  if (Array.isArray(words) && words.includes(rewakeFlag)) return `${event} ${rewakeFlag}`
  return event === 'PreToolUse' && (matcher === guarded || matcher === unguarded)
    ? `${event} ${matcher}`
    : event
}
