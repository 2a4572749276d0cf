// What the log promises to whoever writes, reads or listens, seen from outside: by its answers, by what it delivers,
// and by a second connection to the same file.

import { expect, test } from 'bun:test'
import { Database } from 'bun:sqlite'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { PaidError } from '../../src/protocol/error.ts'
import { draftOf, openEngine, temporaryFolder, type Engine } from '../support/engine.ts'

const codeOf = (error: unknown): string => (error instanceof PaidError ? error.code : String(error))

/** Everything the file holds, but which log it is. */
const contentOf = ({ reader }: Engine) =>
  ['events', 'streams', 'counters', 'sessions'].map((table) =>
    reader.query(`SELECT * FROM ${table} ORDER BY 1, 2, 3`).all(),
  )

test('a read pipelined behind its write sees it', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const order: string[] = []
  const write = engine.log.append(draftOf()).then(() => order.push('answered'))
  const count = await engine.log.read((reader) => {
    order.push('read')
    return reader.query<{ n: number }, []>('SELECT count(*) AS n FROM events').get()?.n
  })
  await write
  expect(count).toBe(1)
  expect(engine.delivered).toHaveLength(1)
  expect(order).toContain('answered')
})

test('a transient never overtakes a stored event', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const { log, delivered } = engine
  const answers: string[] = []
  const answered = (name: string) => () => void answers.push(name)
  await Promise.all([
    log.emit(draftOf({ type: 'before' })).then(answered('before')),
    log.append(draftOf({ type: 'one' })).then(answered('one')),
    log.emit(draftOf({ type: 'between' })).then(answered('between')),
    log.append(draftOf({ type: 'two' })).then(answered('two')),
    log.emit(draftOf({ type: 'after' })).then(answered('after')),
  ])
  expect(delivered.map(({ type }) => type)).toEqual(['before', 'one', 'between', 'two', 'after'])
  expect(delivered.map(({ seq }) => seq)).toEqual([0, 1, 0, 2, 0])
  expect(answers).toEqual(['before', 'one', 'between', 'two', 'after'])
})

test('a duplicate key inside one open group', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const draft = draftOf({ key: 'k' })
  const once = () =>
    engine.log.commit(({ append, byKey }) => {
      const known = byKey('', 'k')
      return known ? `known ${known.id}` : `new ${append(draft).id}`
    })
  const refused = () => engine.log.append(draft).catch((error: unknown) => error)
  const [first, second, third, other] = await Promise.all([
    once(),
    once(),
    refused(),
    engine.log.append(draftOf()),
  ])
  expect([first, second]).toEqual(['new evt_1', 'known evt_1'])
  expect(String(third)).toContain('UNIQUE')
  expect(other.seq).toBe(2)
  expect(engine.delivered.map(({ seq }) => seq)).toEqual([1, 2])
  expect(engine.log.lostGroups).toBe(0)
})

test('a refused append leaves no trace, also when it was the first of its stream', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  await engine.log.append(draftOf({ key: 'k' }))
  const before = contentOf(engine)
  const refused = engine.log.append(draftOf({ channel: 'never', key: 'k' }))
  expect(await refused.catch((error: unknown) => String(error))).toContain('UNIQUE')
  await engine.log.read(() => undefined)
  expect(contentOf(engine)).toEqual(before)
})

test('a closure that throws rejects its own caller and leaves no trace', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const { log } = engine
  const before = log.append(draftOf({ channel: 'session:a' }))
  const thrown = log
    .commit(({ append, database }) => {
      append(draftOf({ channel: 'session:never', type: 'never' }))
      append(draftOf({ channel: 'session:a', type: 'never' }))
      database.run("INSERT INTO meta VALUES ('never', '')")
      throw new Error('changed my mind')
    })
    .catch((error: unknown) => String(error))
  const after = log.append(draftOf({ channel: 'session:b', type: 'never' }))
  expect([(await before).seq, await thrown, (await after).seq]).toEqual([1, 'Error: changed my mind', 2])
  expect(engine.delivered.map(({ channel, type }) => `${channel} ${type}`)).toEqual([
    'session:a test.happened',
    'session:b never',
  ])
  const { reader } = engine
  expect(reader.query('SELECT seq FROM events').values()).toEqual([[1], [2]])
  expect(reader.query('SELECT channel, type, events, last_seq FROM streams ORDER BY id').values()).toEqual([
    ['session:a', 'test.happened', 1, 1],
    ['session:b', 'never', 1, 2],
  ])
  expect(reader.query('SELECT name, value FROM counters ORDER BY name').values()).toEqual([
    ['events', 2],
    ['sessions', 2],
    ['type:never', 1],
    ['type:test.happened', 1],
  ])
  expect(reader.query('SELECT id, events FROM sessions ORDER BY id').values()).toEqual([
    ['a', 1],
    ['b', 1],
  ])
  expect(reader.query("SELECT * FROM meta WHERE name = 'never'").values()).toEqual([])
})

test('what is no Error is not lost when a closure throws it', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const refused = await engine.log
    .commit(() => {
      throw new PaidError('key_reused')
    })
    .catch(codeOf)
  expect(refused).toBe('key_reused')
  expect((await engine.log.append(draftOf())).seq).toBe(1)
})

test('deliveries and answers come after the COMMIT, in the order of their numbers', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  using witness = new Database(engine.path, { readonly: true })
  const onDisk = () => Number(witness.query('SELECT coalesce(max(seq), 0) FROM events').values()[0]?.[0])
  const happened: string[] = []
  engine.observers.push((events) => {
    expect(onDisk()).toBe(events.at(-1)?.seq ?? 0)
    for (const { seq } of events) happened.push(`delivered ${seq}`)
  })
  const write = (n: number) =>
    (n % 2 === 0
      ? engine.log.append(draftOf())
      : engine.log.commit(({ append }) => append(draftOf({ type: 'in a closure' })))
    ).then(({ seq }) => {
      expect(onDisk()).toBeGreaterThanOrEqual(seq)
      happened.push(`answered ${seq}`)
    })
  const writes = [1, 2, 3, 4].map(write)
  expect(onDisk()).toBe(0)
  expect(engine.log.head).toBe(0)
  await Promise.all(writes)
  await Promise.all([5, 6].map(write))
  const group = (...seqs: number[]) => [
    ...seqs.map((seq) => `delivered ${seq}`),
    ...seqs.map((seq) => `answered ${seq}`),
  ]
  expect(happened).toEqual([...group(1, 2, 3, 4), ...group(5, 6)])
})

test('one turn of the event loop is one COMMIT', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const groups: number[] = []
  engine.observers.push((events) => void groups.push(events.length))
  await Promise.all(Array.from({ length: 50 }, () => engine.log.append(draftOf())))
  await engine.log.append(draftOf())
  expect(groups).toEqual([50, 1])
})

test('arrival never goes back when the clock does, also not after a restart', async () => {
  using folder = temporaryFolder()
  const day = 86_400_000
  const noon = 1_700_000_000_000
  let time = noon
  const clock = { now: () => time }
  const arrivals: number[] = []
  {
    using engine = openEngine(folder.path, { clock })
    for (const shift of [0, 1, -day, 5, day, -day]) {
      time = noon + shift
      arrivals.push((await engine.log.append(draftOf())).at, (await engine.log.emit(draftOf())).at)
    }
  }
  time = noon - day
  using again = openEngine(folder.path, { clock })
  arrivals.push((await again.log.append(draftOf())).at)
  const expected = [0, 0, 1, 1, 1, 1, 5, 5, day, day, day, day, day]
  expect(arrivals).toEqual(expected.map((shift) => noon + shift))
})

test('numbers go on after the log was opened again', async () => {
  using folder = temporaryFolder()
  {
    using engine = openEngine(folder.path)
    await Promise.all([engine.log.append(draftOf()), engine.log.append(draftOf())])
  }
  using again = openEngine(folder.path)
  expect(again.log.head).toBe(2)
  expect((await again.log.append(draftOf())).seq).toBe(3)
  expect(again.reader.query('SELECT events, last_seq FROM streams').values()).toEqual([[3, 3]])
})

test('closing writes the open group and answers it; afterwards writes are refused', async () => {
  using folder = temporaryFolder()
  {
    using engine = openEngine(folder.path)
    const last = [1, 2, 3].map(() => engine.log.append(draftOf()))
    engine.log.close()
    expect((await Promise.all(last)).map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect(await engine.log.append(draftOf()).catch(codeOf)).toBe('stopping')
  }
  using again = openEngine(folder.path)
  expect(again.log.head).toBe(3)
})

test('what follows from events is written behind them, and is there for whoever reads', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const { log } = engine
  await log.read(() => undefined)
  const counted = () => log.read((reader) => reader.query('SELECT events, last_seq FROM streams').values())
  await Promise.all([log.append(draftOf()), log.append(draftOf())])
  expect(log.behind).toHaveLength(2)
  expect(await counted()).toEqual([[2, 2]])
  expect(log.behind).toHaveLength(0)
  // a read behind a write finds both in one COMMIT
  const write = log.append(draftOf())
  expect(await counted()).toEqual([[3, 3]])
  await write
})

test('no more than some thousand events wait to be followed', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  for (let n = 0; n < 40; n++) {
    await Promise.all(Array.from({ length: 100 }, () => engine.log.append(draftOf())))
    expect(engine.log.behind.length).toBeLessThanOrEqual(2048)
  }
  const large = draftOf({ dataText: JSON.stringify('x'.repeat(3 * 1024 * 1024)) })
  await engine.log.append(large)
  await engine.log.append(large)
  expect(engine.log.behind.length).toBeLessThanOrEqual(1)
})

test('a projection sees each event once, also those of a run that was killed, and none comes too late', async () => {
  using folder = temporaryFolder()
  const seen: number[] = []
  const watch = (engine: Engine) =>
    engine.log.project((events) => {
      for (const { seq } of events) seen.push(seq)
    })
  const killed = join(folder.path, 'killed')
  mkdirSync(killed)
  {
    using engine = openEngine(folder.path)
    watch(engine)
    await engine.log.append(draftOf())
    await engine.log.read(() => undefined)
    await engine.log.append(draftOf({ own: 'aside' }))
    for (const part of ['', '-wal']) copyFileSync(`${engine.path}${part}`, join(killed, `paid.db${part}`))
    expect(seen).toEqual([1])
  }
  expect(seen).toEqual([1, 2])
  seen.length = 0
  using again = openEngine(killed)
  expect(again.log.behind.map(({ seq, own }) => [seq, own])).toEqual([[2, 'aside']])
  watch(again)
  await again.log.append(draftOf())
  await again.log.read(() => undefined)
  expect(seen).toEqual([2, 3])
  expect(() => watch(again)).toThrow('would miss events')
})
