// Totals are never counted, only kept: after anything that can happen to a log they equal a count of what is there.

import { expect, test } from 'bun:test'
import { copyFileSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as fc from 'fast-check'
import { draftOf, openEngine, temporaryFolder, type Engine } from '../support/engine.ts'

type Operation =
  | { kind: 'append'; namespace: string; channel: string; type: string }
  | { kind: 'closure'; namespace: string; channels: string[]; type: string; throws: boolean }
  | { kind: 'transient' | 'turn' | 'disk full' | 'reopen' | 'kill' }

const channel = fc.constantFrom(
  'events',
  'session:a',
  'session:b',
  'session:*',
  'system:daemon',
  'lock:x',
  'ü',
)
const type = fc.constantFrom('SessionStart', 'Stop', 'type')
const namespace = fc.constantFrom('', '', 'other')
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('append' as const), namespace, channel, type }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('closure' as const),
      namespace,
      channels: fc.array(channel, { maxLength: 4 }),
      type,
      throws: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ kind: 'turn' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'transient' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'disk full' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'kill' as const }) },
)

const posted = 'FROM events e JOIN streams s ON s.id = e.stream WHERE reserved = 0 GROUP BY e.namespace'
const sessions = "FROM events e JOIN streams s ON s.id = e.stream WHERE substr(channel, 1, 8) = 'session:'"

/** What is kept beside what a count gives. */
const pairs: [kept: string, counted: string][] = [
  [
    'SELECT namespace, name, value FROM counters ORDER BY namespace, name',
    `SELECT * FROM (SELECT e.namespace, 'events' AS name, count(*) ${posted}
      UNION ALL SELECT e.namespace, 'type:' || type, count(*) ${posted}, type
      UNION ALL SELECT e.namespace, 'sessions', count(DISTINCT channel) ${sessions} GROUP BY e.namespace
    ) ORDER BY namespace, name`,
  ],
  [
    'SELECT id, events, last_seq FROM streams ORDER BY id',
    'SELECT stream, count(*), max(seq) FROM events GROUP BY stream ORDER BY stream',
  ],
  [
    'SELECT namespace, id, events, first_seq, last_seq, last_type FROM sessions ORDER BY namespace, id',
    `SELECT namespace, id, n, first, last, (SELECT type FROM streams WHERE id = (SELECT stream FROM events WHERE seq = last))
      FROM (SELECT e.namespace, substr(channel, 9) AS id, count(*) AS n, min(seq) AS first, max(seq) AS last
        ${sessions} GROUP BY e.namespace, channel) ORDER BY namespace, id`,
  ],
]

const check = async ({ reader, log }: Engine, written: number): Promise<void> => {
  await log.read(() => undefined)
  for (const [kept, counted] of pairs)
    expect(reader.query(kept).values()).toEqual(reader.query(counted).values())
  const [row] = reader
    .query('SELECT count(*), coalesce(max(seq), 0), count(DISTINCT seq) FROM events')
    .values()
  expect(row).toEqual([written, written, written])
  expect(log.head).toBe(written)
}

const loseGroup = async ({ database, log }: Engine): Promise<void> => {
  database.query('PRAGMA max_page_count = 1').get()
  const large = draftOf({ dataText: JSON.stringify('x'.repeat(500_000)) })
  const refused = await log.append(large).catch((error: unknown) => error)
  expect(refused).toHaveProperty('code', 'storage_full')
  database.query('PRAGMA max_page_count = 4294967294').get()
}

test('counters, streams and summaries equal a recount, whatever happened', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 40 }), async (operations) => {
      using folder = temporaryFolder()
      let engine = openEngine(folder.path)
      let lives = 0
      /** What is on disk now is all that is left. */
      const kill = (): string => {
        const next = join(folder.path, String(++lives))
        mkdirSync(next)
        for (const part of ['', '-wal']) copyFileSync(`${engine.path}${part}`, join(next, `paid.db${part}`))
        return next
      }
      try {
        let written = 0
        let open: Promise<number>[] = []
        const settle = async (): Promise<void> => {
          for (const count of await Promise.all(open)) written += count
          open = []
        }
        const run = async (next: Operation): Promise<void> => {
          const { log } = engine
          if (next.kind === 'append')
            open.push(
              log.append(draftOf(next)).then(
                () => 1,
                () => 0,
              ),
            )
          else if (next.kind === 'closure')
            open.push(
              log
                .commit(({ append }) => {
                  for (const name of next.channels) append(draftOf({ ...next, channel: name }))
                  if (next.throws) throw new Error('thrown')
                })
                .then(
                  () => next.channels.length,
                  () => 0,
                ),
            )
          else if (next.kind === 'transient') open.push(log.emit(draftOf()).then(() => 0))
          else if (next.kind === 'disk full') await loseGroup(engine)
          else await settle()
          if (next.kind !== 'reopen' && next.kind !== 'kill') return
          const home = next.kind === 'kill' ? kill() : dirname(engine.path)
          engine.close()
          engine = openEngine(home)
          await check(engine, written)
        }
        for (const next of operations) await run(next)
        await settle()
        await check(engine, written)
      } finally {
        engine.close()
      }
    }),
    { numRuns: 40 },
  )
})
