// Starting the process of a session: where it works, what it is told on its command line.

import { mkdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { causeVariable } from '../../protocol/cause.ts'
import { PaidError } from '../../protocol/error.ts'
import { type Child, startChild } from './live/child.ts'
import type { SessionsGround } from './ground.ts'
import { markOf, sessionMark } from './lost.ts'
import { sessionEnvironment } from './program.ts'
import type { Managed } from './rows.ts'

/** The folder it is to work in; a new one of its own when nobody names any. Throws when it is none. */
export const folderFor = (
  given: string | undefined,
  id: string,
  { settings, workspaces }: Pick<SessionsGround, 'settings' | 'workspaces'>,
): string => {
  const named = given ?? (settings.directory || undefined)
  if (named === undefined) {
    const made = join(workspaces, id)
    mkdirSync(made, { recursive: true, mode: 0o700 })
    return made
  }
  const folder = resolve(named)
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new PaidError('bad_request', `There is no folder ${folder}`, 'Make it, or name another one.')
  return folder
}

/** of a prompt, in the event that tells of the session's beginning */
const promptShown = 1000

/** What that event tells. */
export const toldOf = (of: Managed, prompt: string | undefined): object => ({
  directory: of.directory,
  startedAt: of.startedAt,
  ...(of.title !== null && { title: of.title }),
  ...(prompt !== undefined && { prompt: prompt.slice(0, promptShown) }),
  ...(of.model !== null && { model: of.model }),
  ...(of.alias !== null && { alias: of.alias }),
  ...(of.labels !== null && { labels: of.labels }),
})

const talking = [
  '-p',
  '--input-format=stream-json',
  '--output-format=stream-json',
  '--verbose',
  '--permission-prompt-tool=stdio',
  '--include-partial-messages',
]

/** Throws `no_claude`, `bad_request`. */
export const startProcess = (
  program: string,
  managed: Managed,
  {
    resumed,
    cause,
    ground: { env, umask },
    take,
  }: {
    /** whether Claude Code knows the conversation */
    resumed: boolean
    cause: string | undefined
    ground: Pick<SessionsGround, 'env' | 'umask'>
    take: (lines: string[]) => Promise<void>
  },
): Child => {
  const { title, model, permissionMode, budgetUsd, directory } = managed
  const command = [
    program,
    ...talking,
    resumed ? '--resume' : '--session-id',
    managed.conversation ?? managed.id,
    // one word each: what somebody called a session is never another option
    ...(title === null ? [] : [`--name=${title}`]),
    ...(model === null ? [] : [`--model=${model}`]),
    ...(permissionMode === null ? [] : [`--permission-mode=${permissionMode}`]),
    ...(budgetUsd === null ? [] : [`--max-budget-usd=${budgetUsd}`]),
  ]
  return startChild(command, {
    directory,
    env: sessionEnvironment(env, {
      [sessionMark]: markOf(managed),
      PWD: directory,
      // what its hooks and its commands post says so too
      ...(cause !== undefined && { [causeVariable]: cause }),
    }),
    umask,
    take,
  })
}
