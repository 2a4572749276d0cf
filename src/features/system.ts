// THE SYSTEM ROOM: what the daemon says of itself, and how it is told to stop.
// Promises: every number comes from a counter, nothing is scanned to show it.

import { z } from 'zod'
import { api } from '../protocol/api.ts'
import type { Status } from '../protocol/system.ts'
import { limits } from '../protocol/limits.ts'
import type { Dispatch, HandlersFor } from '../core/dispatch.ts'
import type { Log } from '../core/log.ts'
import type { Peer } from '../core/peer.ts'

const totals = "SELECT name, value FROM counters WHERE namespace = ? AND name IN ('events', 'sessions')"
// ';' is the character after ':'
const types =
  "SELECT substr(name, 6) AS name, value FROM counters WHERE namespace = ? AND name >= 'type:' AND name < 'type;' LIMIT ?"

type Counter = { name: string; value: number }

/** What only the composition root knows. */
export type Facts = Omit<Status, 'log' | 'recentSessions' | 'uptimeMs' | 'memoryBytes'> & {
  log: Pick<Status['log'], 'id' | 'epoch' | 'bytes' | 'check'>
}

export const createSystem = ({
  log,
  dispatch,
  facts,
  stop,
}: {
  log: Log
  dispatch: Dispatch
  facts: () => Facts
  stop: (by: string, reason: string | undefined) => void
}): HandlersFor<'system'> => ({
  'system.status': async (_params, peer) => {
    const counted = await log.read((reader) => ({
      totals: reader.query<Counter, [string]>(totals).all(peer.namespace),
      types: reader.query<Counter, [string, number]>(types).all(peer.namespace, limits.statsTypes),
    }))
    const total = (name: string) => counted.totals.find((counter) => counter.name === name)?.value ?? 0
    const known = facts()
    return {
      ...known,
      uptimeMs: Date.now() - known.startedAt,
      log: {
        ...known.log,
        head: log.head,
        events: total('events'),
        types: Object.fromEntries(counted.types.map(({ name, value }) => [name, value])),
        sessions: total('sessions'),
        writable: log.writable,
        lostGroups: log.lostGroups,
      },
      memoryBytes: process.memoryUsage.rss(),
      recentSessions: (await dispatch(peer, 'session.list', { limit: 20 })).sessions,
    }
  },

  'system.stop': (params, peer: Peer) => {
    stop(peer.by, params.reason)
    return { stopping: true, pid: process.pid }
  },

  'system.methods': () => ({
    methods: Object.entries(api).map(([name, declared]) => ({
      name,
      summary: declared.summary,
      access: declared.access,
      params: schemaOf(declared.params, 'input'),
      result: schemaOf(declared.result(), 'output'),
      example: declared.example,
    })),
  }),
})

/** A declaration's JSON Schema (2020-12), as GET /methods and the OpenAPI document show it. */
export const schemaOf = (type: z.ZodType, io: 'input' | 'output'): Record<string, unknown> => {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io, unrepresentable: 'any' })
  return schema
}
