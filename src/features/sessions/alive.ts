// Which sessions of Claude Code are alive, by the files that they keep of themselves: `sessions/<pid>.json`.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isRunning } from '../../lib/is-running.ts'
import { processStart } from '../../lib/process-start.ts'
import type { SessionStatus } from '../../protocol/sessions.ts'
import { isFields, numberIn, textIn } from './line.ts'

const statuses: Record<string, SessionStatus> = { idle: 'idle', busy: 'running', waiting: 'waiting' }

/** of the files, at most; each session has one */
const mostFiles = 1000

export type Alive = {
  pid: number
  status: SessionStatus
  /** where it hears other sessions */
  socket: string | undefined
}

/** By the session's id. A file whose process is gone says nothing. */
export const aliveIn = (claudeFolder: string | undefined): Map<string, Alive> => {
  const alive = new Map<string, Alive>()
  if (claudeFolder === undefined) return alive
  const folder = join(claudeFolder, 'sessions')
  for (const name of namesIn(folder).slice(0, mostFiles)) {
    try {
      const said: unknown = JSON.parse(readFileSync(join(folder, name), 'utf8'))
      const pid = numberIn(said, 'pid')
      const id = textIn(said, 'sessionId')
      if (!isFields(said) || pid === undefined || id === undefined) continue
      if (!isThere(pid, textIn(said, 'procStart'))) continue
      const status = statuses[textIn(said, 'status') ?? ''] ?? 'idle'
      alive.set(id, { pid, status, socket: textIn(said, 'messagingSocketPath') })
    } catch {
      // it went away while we looked
    }
  }
  return alive
}

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder).filter((name) => /^\d+\.json$/.test(name))
  } catch {
    return []
  }
}

/** Not when the pid was given to another process since. */
const isThere = (pid: number, start: string | undefined): boolean => {
  if (!Number.isSafeInteger(pid) || pid <= 1) return false
  if (process.platform === 'linux' && start !== undefined) return processStart(pid) === start
  return isRunning(pid)
}

/** Whether Claude Code has written anything of a session, so that it can go on with it. */
export const hasTranscript = (claudeFolder: string | undefined, id: string): boolean => {
  if (claudeFolder === undefined) return false
  try {
    return new Bun.Glob(`*/${id}.jsonl`).scanSync(join(claudeFolder, 'projects')).next().done !== true
  } catch {
    return false
  }
}
