// `daemon.json`: how a client finds a running daemon. The daemon writes it when its doors are open and removes it
// when it ends; one that was killed leaves it behind, so it proves nothing by itself. The lock does.

import { readFileSync } from 'node:fs'
import { isFields } from '../lib/fields.ts'
import { type Flags, flagsFrom } from '../lib/start-flags.ts'

export type DaemonFile = {
  pid: number
  /** when that process started, as the system counts it; a recycled pid has another */
  startTime: string | undefined
  urls: string[]
  /** each listener as `--listen` takes it */
  listen: string[]
  /** each address that serves webhooks alone */
  webhooks: string[]
  /** what `paid start` was told on its command line */
  flags: Flags | undefined
}

/** Undefined when there is none, or none that can be read. */
export const readDaemonFile = (path: string): DaemonFile | undefined => {
  let found: unknown
  try {
    found = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
  if (!isFields(found) || typeof found['pid'] !== 'number') return undefined
  const { pid, startTime, flags } = found
  const said = isFields(flags) ? flags : undefined
  return {
    pid,
    startTime: typeof startTime === 'number' || typeof startTime === 'string' ? `${startTime}` : undefined,
    urls: texts(found['urls']),
    listen: texts(found['listen']),
    webhooks: texts(found['webhooks']),
    flags: said && flagsFrom((name, kind) => (kind === 'list' ? texts(said[name]) : valueOf(said[name]))),
  }
}

const valueOf = (value: unknown): string | true | undefined =>
  typeof value === 'string' || value === true ? value : undefined

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
