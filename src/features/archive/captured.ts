// Conversations that other tools told of message by message, handed to the archive: what stands in the log of each is
// kept there too, and found. Each event once: the archive remembers the number of the last, in the transaction that
// keeps it, and what it missed while nobody listened is looked for at the start.

import { resolve } from 'node:path'
import type { Database } from 'bun:sqlite'
import type { ArchiveClient, CapturedSession, Grown } from '../../archive/calls.ts'
import { type Fields, isFields } from '../../lib/fields.ts'
import { keepNewest } from '../../lib/newest.ts'
import { sessionPrefix } from '../../protocol/channel.ts'
import { filterOf } from '../../core/filter.ts'
import type { Log } from '../../core/log.ts'
import type { LogEvent } from '../../core/log-event.ts'
import { pageAfter } from '../../core/query.ts'

const soonMs = 250
/** while so many are told in that time whoever tells them goes first; not for ever */
const floodEvents = 250
const floodWaitMs = 10_000
/** events, and characters of them, that are kept at once */
const pageEvents = 200
const factsRemembered = 1000
const telling = new Set(['capture.started', 'message.added', 'code.changed'])
const captureId = /^[0-9a-f]{16}$/

export type HandOver = {
  heard: (event: LogEvent) => void
  /** Hands over what was missed of these. */
  catchUp: (sessions: { id: string; upTo: number }[]) => Promise<void>
  close: () => void
}

/** Those of the log, each with the number of its last event. */
export const capturedSessions = (reader: Database): { id: string; upTo: number }[] =>
  reader
    .query<{ id: string; upTo: number }, []>(
      `SELECT substr(s.channel, ${sessionPrefix.length + 1}) AS id,
         (SELECT max(last_seq) FROM streams t WHERE t.namespace = '' AND t.channel = s.channel
          AND t.type IN ('capture.started', 'message.added', 'code.changed')) AS upTo
       FROM streams s WHERE s.namespace = '' AND s.type = 'capture.started' ORDER BY s.last_seq`,
    )
    .all()
    .filter(({ id }) => captureId.test(id))

export const createHandOver = ({
  log,
  archive,
  took,
  failed,
}: {
  log: Log
  archive: ArchiveClient
  took: (grown: Grown) => void
  failed: (error: unknown) => void
}): HandOver => {
  let due = new Map<string, number>()
  const facts = new Map<string, CapturedSession>()
  let timer: Timer | undefined
  let running = false
  let closed = false
  /** how many were told in the moment that began at `since`, and in the one before */
  const rate = { since: -Infinity, count: 0, before: 0 }

  const counted = (): void => {
    const now = performance.now()
    if (now - rate.since > soonMs) {
      rate.before = now - rate.since < 2 * soonMs ? rate.count : 0
      rate.since = now
      rate.count = 0
    }
    rate.count++
  }
  const isFlood = (): boolean =>
    !closed && performance.now() - rate.since < 2 * soonMs && Math.max(rate.count, rate.before) > floodEvents

  const ebb = async (): Promise<void> => {
    for (let waited = 0; waited < floodWaitMs && isFlood(); waited += soonMs) await Bun.sleep(soonMs)
  }

  const pageOf = (id: string, after: number, limit: number, type?: string) =>
    log.read((reader) =>
      pageAfter(
        reader,
        filterOf('', { channel: `${sessionPrefix}${id}`, ...(type !== undefined && { type }) }),
        after,
        limit,
      ),
    )

  /** Undefined for a session that merely looks like one. */
  const factsOf = async (id: string): Promise<CapturedSession | undefined> => {
    const known = facts.get(id)
    if (known) return known
    const [started] = (await pageOf(id, 0, 1, 'capture.started')).events
    if (!started) return undefined
    const { tool, cwd, metadata } = fieldsOf(started)
    const model = isFields(metadata) ? metadata['model'] : undefined
    const found: CapturedSession = {
      id,
      tool: typeof tool === 'string' && tool !== '' ? tool : 'generic',
      startedAt: started.at,
      ...(typeof cwd === 'string' && { folder: cwd }),
      ...(typeof model === 'string' && model !== '' && { model }),
    }
    facts.set(id, found)
    keepNewest(facts, factsRemembered)
    return found
  }

  const handOver = async (id: string, from: number): Promise<void> => {
    const session = await factsOf(id)
    if (!session) return
    let grown: Grown | undefined
    for (let after = from, more = true; more;) {
      await ebb()
      if (closed) return
      const page = await pageOf(id, after, pageEvents)
      after = page.events.at(-1)?.seq ?? after
      more = page.more && page.events.length > 0
      const told = page.events.flatMap((event) => {
        const line = lineOf(event, session)
        return line === undefined ? [] : [{ seq: event.seq, line }]
      })
      if (told.length > 0) grown = await archive.call('capture', { session, told })
    }
    if (grown) took(grown)
  }

  const catchUp = async (sessions: { id: string; upTo: number }[]): Promise<void> => {
    if (sessions.length === 0 || closed) return
    const { behind } = await archive.call('captured', { sessions })
    for (const { id, after } of behind) {
      if (closed) return
      await handOver(id, after)
    }
  }

  const run = async (): Promise<void> => {
    timer = undefined
    const sessions = [...due].map(([id, upTo]) => ({ id, upTo }))
    due = new Map()
    running = true
    try {
      await catchUp(sessions)
    } catch (error) {
      failed(error)
    }
    running = false
    if (due.size > 0) schedule()
  }

  const schedule = (): void => {
    if (timer || running || closed) return
    timer = setTimeout(() => void run(), soonMs)
    timer.unref()
  }

  return {
    heard: ({ channel, type, seq }) => {
      if (!telling.has(type)) return
      const id = channel.slice(sessionPrefix.length)
      if (!captureId.test(id)) return
      counted()
      due.set(id, seq)
      schedule()
    },
    catchUp,
    close: () => {
      closed = true
      clearTimeout(timer)
    },
  }
}

const fieldsOf = ({ data }: LogEvent): Fields => (isFields(data) ? data : {})

/** As records.ts of the archive reads it; undefined for what tells nothing. Others may post there: it may be anything. */
const lineOf = (event: LogEvent, { folder }: CapturedSession): string | undefined => {
  const { type, seq, at } = event
  const { role, content, filePath, before, after, withheld, metadata } = fieldsOf(event)
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
  if (type === 'capture.started')
    return JSON.stringify({ type: 'captured.started', seq, at, cwd: folder, metadata: metadata ?? {} })
  if (type === 'message.added' && typeof role === 'string' && typeof content === 'string')
    return JSON.stringify({ type: 'captured.message', seq, at, role, content })
  if (type === 'code.changed' && typeof filePath === 'string')
    return JSON.stringify({
      type: 'captured.change',
      seq,
      at,
      filePath: folder?.startsWith('/') ? resolve(folder, filePath) : filePath,
      ...(withheld === true ? { withheld } : { before: text(before), after: text(after) }),
    })
  return undefined
}
