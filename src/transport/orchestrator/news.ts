// What all orchestrator clients are told of sessions: each change of a session's status, once to each connection. There
// is one for the daemon, from its start on, so it has heard of every session that runs.
// Promises: a status is told behind what happened in the session before; what it knows is given up when a session ends.

import { sessionPrefix } from '../../protocol/channel.ts'
import type { Bus } from '../../core/bus.ts'
import type { Dispatch } from '../../core/dispatch.ts'
import { filterOf } from '../../core/filter.ts'
import type { LogEvent } from '../../core/log-event.ts'
import { createPeer } from '../../core/peer.ts'
import { change, type Known, resumed, spawned } from '../dialects/orchestrator/known.ts'
import { sessionOf, type Shown, statusOf } from '../dialects/orchestrator/session.ts'

export type Hearer = {
  /** Gets the session's own id, and the frame. */
  hear: (session: string, text: string) => void
  /** Gets a session that is about to begin. */
  began: (of: Known) => void
}

export type News = ReturnType<typeof createNews>

export const updateText = (of: Shown): string =>
  JSON.stringify({ type: 'session_status_update', session: sessionOf(of) })

export const createNews = (dispatch: Dispatch, bus: Bus) => {
  const peer = createPeer('ws:orchestrator', 'read')
  const hearers = new Set<Hearer>()
  /** sessions that run */
  const known = new Map<string, Known>()
  /** what happened in sessions that are being looked up */
  const waiting = new Map<string, LogEvent[]>()
  /** what was ordered of sessions that are about to begin */
  const ordered = new Map<string, NonNullable<Shown['task']>>()

  const apply = (of: Known, event: LogEvent): void => {
    const before = statusOf(of)
    of.seq = event.seq
    change(of, event)
    if (of.endedAt !== undefined) known.delete(of.id)
    if (statusOf(of) === before) return
    const text = updateText(of)
    for (const { hear } of hearers) hear(of.id, text)
  }

  const resume = async (id: string, event: LogEvent): Promise<void> => {
    const later: LogEvent[] = []
    waiting.set(id, later)
    const found = await dispatch(peer, 'session.get', { id }).catch(() => undefined)
    waiting.delete(id)
    if (!found?.session) return
    const of = resumed(found.session, event)
    begin(of)
    for (const each of later) if (each.seq > of.seq) apply(of, each)
  }

  const begin = (of: Known): void => {
    known.set(of.id, of)
    for (const { began } of hearers) began(of)
  }

  /** Takes what happened in a session; what was taken already is passed over. */
  const take = (event: LogEvent): void => {
    if (event.seq === 0) return
    const id = event.channel.slice(sessionPrefix.length)
    const of = known.get(id)
    if (of && event.seq <= of.seq) return
    if (of) apply(of, event)
    else if (event.type === 'session.spawned') begin(spawned(id, event, ordered.get(id)))
    else if (event.type === 'session.resumed') void resume(id, event)
    else waiting.get(id)?.push(event)
  }

  bus.add({ filter: filterOf('', { channel: `${sessionPrefix}*` }), offer: take, own: true })

  return {
    take,
    /** What is known of a session that runs. */
    of: (session: string): Known | undefined => known.get(session),
    /** Sessions that run. */
    all: (): Iterable<Known> => known.values(),
    join: (hearer: Hearer): (() => void) => {
      hearers.add(hearer)
      return () => void hearers.delete(hearer)
    },
    /** Says what a session that is about to begin has to do; gives back what forgets it. */
    order: (session: string, task: NonNullable<Shown['task']>): (() => void) => {
      ordered.set(session, task)
      return () => void ordered.delete(session)
    },
  }
}
