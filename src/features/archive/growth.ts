// Which transcripts grew, as hooks tell: each hook of Claude Code names its session's file. They are told to the worker
// together, a moment later; at the end of a turn at once, and once more when the tool has written the rest.

import { basename, isAbsolute } from 'node:path'
import { sessionPrefix } from '../../protocol/channel.ts'
import type { LogEvent } from '../../core/log-event.ts'

const soonMs = 250
/** Claude Code writes the last lines of a turn after its hooks */
const lateMs = 1000

/** hooks after which the tool may be gone, or the file be another */
const ending = new Set(['Stop', 'SubagentStop', 'SessionEnd', 'PreCompact'])

const field = '"transcript_path":'

/** The path that a hook's text names; nothing is parsed but the path itself. */
const transcriptIn = (dataText: string): string | undefined => {
  const at = dataText.indexOf(field)
  if (at < 0) return undefined
  const start = dataText.indexOf('"', at + field.length)
  // a path with an escape in it is one that Claude Code does not make
  const end = dataText.indexOf('"', start + 1)
  return start < 0 || end < 0 ? undefined : dataText.slice(start + 1, end)
}

/** A transcript of this session, where Claude Code puts them: not any file that somebody would like to have kept. */
const isTranscript = (path: string, session: string): boolean =>
  isAbsolute(path) &&
  basename(path) === `${session}.jsonl` &&
  /\/projects\/[^/]+\/[^/]+$/.test(path) &&
  !path.includes('\\') &&
  !path.split('/').includes('..')

export type Growth = { heard: (event: LogEvent) => void; close: () => void }

/** @param take reads what these files grew by; `ended` are sessions that are over */
export const createGrowth = ({
  take,
  failed,
}: {
  take: (paths: string[], ended: ReadonlySet<string>) => Promise<void>
  failed: (error: unknown) => void
}): Growth => {
  let grown = new Set<string>()
  let ended = new Set<string>()
  let timer: Timer | undefined
  let dueAt = Number.POSITIVE_INFINITY
  let taking = false
  let closed = false
  const late = new Set<Timer>()

  const schedule = (ms: number): void => {
    const at = performance.now() + ms
    if (closed || taking || at >= dueAt) return
    clearTimeout(timer)
    dueAt = at
    timer = setTimeout(() => void run(), ms)
    timer.unref()
  }

  const run = async (): Promise<void> => {
    dueAt = Number.POSITIVE_INFINITY
    const paths = [...grown]
    const over = ended
    grown = new Set()
    ended = new Set()
    taking = true
    try {
      await take(paths, over)
    } catch (error) {
      failed(error)
    }
    taking = false
    if (grown.size > 0) schedule(soonMs)
  }

  return {
    heard: (event) => {
      const path = transcriptIn(event.dataText)
      if (path === undefined) return
      const session = event.channel.slice(sessionPrefix.length)
      if (!isTranscript(path, session)) return
      grown.add(path)
      const last = event.type === 'SessionEnd'
      if (last) ended.add(session)
      if (!ending.has(event.type)) return schedule(soonMs)
      schedule(0)
      const again = setTimeout(() => {
        late.delete(again)
        grown.add(path)
        if (last) ended.add(session)
        schedule(0)
      }, lateMs)
      again.unref()
      late.add(again)
    },
    close: () => {
      closed = true
      clearTimeout(timer)
      for (const each of late) clearTimeout(each)
    },
  }
}
