// Sums over all managed sessions there ever were, kept with the events that change them: they cost the same however many
// sessions there are.

import type { Database } from 'bun:sqlite'
import { sessionPrefix } from '../../protocol/channel.ts'
import type { Tokens } from '../../protocol/sessions.ts'
import type { Log } from '../../core/log.ts'
import { addToCounter } from '../../core/streams.ts'
import { daemonName } from './diary.ts'
import { fieldsIn, numberIn } from './line.ts'
import type { Live } from './live.ts'

/** of the counters of a namespace */
const prefix = 'session:'
// ';' is the character after ':'
const kept = `SELECT name, value FROM counters WHERE namespace = +?
  AND (name = 'type:session.spawned' OR (name >= '${prefix}' AND name < 'session;'))`

const tokenKinds = ['input', 'output', 'cacheRead', 'cacheWrite'] as const satisfies (keyof Tokens)[]

export const createTotals = (log: Log, running: ReadonlyMap<string, Live>) => {
  log.project((events, database) => {
    for (const event of events) {
      if (event.type !== 'turn.finished' || event.by !== daemonName) continue
      if (!event.channel.startsWith(sessionPrefix)) continue
      const { data, namespace } = event
      const add = database.query(addToCounter)
      const count = (name: string, value: number): void => {
        if (value > 0) add.run(namespace, prefix + name, Math.round(value))
      }
      count('turns', 1)
      count('failedTurns', isFailed(data) ? 1 : 0)
      count('busyMs', numberIn(data, 'durationMs') ?? 0)
      const usage = fieldsIn(data, 'usage')
      for (const kind of tokenKinds) count(kind, numberIn(usage, kind) ?? 0)
    }
  })

  const allOf = (reader: Database, namespace: string) => {
    const counters = new Map(
      reader
        .query<{ name: string; value: number }, [string]>(kept)
        .all(namespace)
        .map(({ name, value }) => [name, value]),
    )
    const of = (name: string): number => counters.get(prefix + name) ?? 0
    return {
      spawned: counters.get('type:session.spawned') ?? 0,
      turns: of('turns'),
      failedTurns: of('failedTurns'),
      busyMs: of('busyMs'),
      tokens: {
        input: of('input'),
        output: of('output'),
        cacheRead: of('cacheRead'),
        cacheWrite: of('cacheWrite'),
      },
    }
  }

  return (namespace: string) => {
    const live = [...running.values()].filter(({ managed }) => managed.namespace === namespace)
    const busy = live.filter(({ managed }) => managed.status !== 'idle').length
    const queued = live.reduce((sum, each) => sum + each.queued, 0)
    return log.read((reader) => ({ running: busy, queued, ...allOf(reader, namespace) }))
  }
}

const isFailed = (data: unknown): boolean =>
  typeof data === 'object' && data !== null && 'ok' in data && data.ok !== true
