// A log that cannot be written: a full database, a full disk. A group is on disk as a whole, or refused as a whole.

import { expect, test } from 'bun:test'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PaidError } from '../../src/protocol/error.ts'
import { draftOf, openEngine, temporaryFolder, type Engine } from '../support/engine.ts'

const MiB = 1024 * 1024
const large = JSON.stringify('x'.repeat(2 * MiB))

const outcome = (write: Promise<{ seq: number }>): Promise<string> =>
  write.then(
    ({ seq }) => `evt_${seq}`,
    (error: unknown) => (error instanceof PaidError ? error.code : String(error)),
  )

const number = (engine: Engine, sql: string): number => Number(engine.reader.query(sql).values()[0]?.[0])

/** The database may grow by so many pages; without a number it may grow as it likes. */
const limitPages = (engine: Engine, more?: number): void => {
  const pages = number(engine, 'PRAGMA page_count')
  engine.database.query(`PRAGMA max_page_count = ${more === undefined ? 4294967294 : pages + more}`).get()
}

/** Three events and what follows from them, so that a lost group has something to spoil. */
const begun = async (engine: Engine): Promise<void> => {
  await engine.log.append(draftOf())
  await engine.log.append(draftOf({ channel: 'session:a', type: 'SessionStart' }))
  await engine.log.append(draftOf({ key: 'known' }))
}

const summary = (engine: Engine) =>
  ['events', 'streams', 'counters', 'sessions'].map((table) =>
    engine.reader.query(`SELECT * FROM ${table} ORDER BY 1, 2, 3`).values(),
  )

test('disk full inside a group', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const { log } = engine
  await begun(engine)
  const before = summary(engine)
  limitPages(engine, 4)

  const answers = Promise.all([
    outcome(log.append(draftOf({ channel: 'session:new' }))),
    outcome(log.emit(draftOf({ type: 'transient one' }))),
    outcome(log.commit(({ append }) => append(draftOf({ key: 'lost' })))),
    outcome(log.emit(draftOf({ type: 'transient two' }))),
    outcome(log.append(draftOf({ dataText: large }))),
  ])
  expect(await answers).toEqual(['storage_full', 'evt_0', 'storage_full', 'evt_0', 'storage_full'])
  expect(log.writable).toBe(false)
  expect(log.lostGroups).toBe(1)
  expect(log.head).toBe(3)
  expect(summary(engine)).toEqual(before)
  expect(engine.delivered.slice(3).map(({ type }) => type)).toEqual(['transient one', 'transient two'])
  expect(engine.diary.entries.filter(({ level }) => level === 'error')).toHaveLength(1)

  limitPages(engine)
  const again = await Promise.all([
    outcome(log.append(draftOf({ channel: 'session:new' }))),
    outcome(log.commit(({ append, byKey }) => byKey('', 'lost') ?? append(draftOf({ key: 'lost' })))),
    outcome(log.append(draftOf({ dataText: large }))),
  ])
  expect(again).toEqual(['evt_4', 'evt_5', 'evt_6'])
  expect(log.writable).toBe(true)
  expect(engine.delivered.filter(({ seq }) => seq > 0).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6])
  expect(number(engine, "SELECT value FROM counters WHERE name = 'events'")).toBe(6)
  expect(number(engine, 'SELECT sum(events) FROM streams')).toBe(6)
  expect(number(engine, "SELECT events FROM sessions WHERE id = 'new'")).toBe(1)
})

test('disk full for who writes alone: it is refused at once, and its number is given to the next', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const { log } = engine
  for (let n = 0; n < 10; n++) await log.commitNow(({ append }) => append(draftOf()))
  limitPages(engine, 4)
  expect(() => log.commitNow(({ append }) => append(draftOf({ dataText: large })))).toThrow(
    expect.objectContaining({ code: 'storage_full' }),
  )
  expect({ writable: log.writable, head: log.head, lost: log.lostGroups }).toEqual({
    writable: false,
    head: 10,
    lost: 1,
  })
  limitPages(engine)
  expect((await log.commitNow(({ append }) => append(draftOf()))).seq).toBe(11)
  expect(log.writable).toBe(true)
})

test('a disk that is full in the middle of a closure loses the group it is in, and only that one', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const { log } = engine
  await begun(engine)
  limitPages(engine, 4)
  const first = outcome(log.append(draftOf()))
  const broken = outcome(
    log.commit(({ append }) => {
      append(draftOf())
      return append(draftOf({ dataText: large }))
    }),
  )
  const next = outcome(log.append(draftOf({ type: 'small' })))
  expect(await Promise.all([first, broken, next])).toEqual(['storage_full', 'storage_full', 'evt_4'])
  expect(number(engine, 'SELECT count(*) FROM events')).toBe(4)
})

test('a closure that goes on after the disk was full writes nothing outside the transaction', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const { log } = engine
  await begun(engine)
  const before = summary(engine)
  limitPages(engine, 4)
  const first = outcome(log.append(draftOf()))
  const stubborn = outcome(
    log.commit(({ append }) => {
      try {
        append(draftOf({ dataText: large }))
      } catch {
        // as if nothing had happened
      }
      return append(draftOf({ channel: 'stubborn' }))
    }),
  )
  expect(await Promise.all([first, stubborn])).toEqual(['storage_full', 'storage_full'])
  expect(summary(engine)).toEqual(before)
})

test('a read that waited for a lost group is still answered', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  await begun(engine)
  limitPages(engine, 4)
  const small = outcome(engine.log.append(draftOf()))
  const read = engine.log.read((reader) => reader.query('SELECT count(*) FROM events').values())
  const big = outcome(engine.log.append(draftOf({ dataText: large })))
  expect(await Promise.all([small, big])).toEqual(['storage_full', 'storage_full'])
  expect(await read).toEqual([[3]])
})

test('a database that somebody else keeps locked is refused as unwritable, then heals', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  await engine.log.read(() => undefined)
  using other = openEngine(folder.path)
  await other.log.read(() => undefined)
  engine.database.run('PRAGMA busy_timeout = 1')
  other.database.run('BEGIN IMMEDIATE')
  const healed = engine.diary.written('the log can be written again')
  expect(await outcome(engine.log.append(draftOf()))).toBe('storage_full')
  expect(engine.log.writable).toBe(false)
  other.database.run('ROLLBACK')
  await healed
  expect(engine.log.writable).toBe(true)
  expect(await outcome(engine.log.append(draftOf()))).toBe('evt_1')
})

/** A file system of 4 MiB at `path`; undefined where this user may not make one. */
const smallDisk = (path: string): Disposable | undefined => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined
  mkdirSync(path)
  const mounted = Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', path]).success
  if (!mounted) return undefined
  return { [Symbol.dispose]: () => void Bun.spawnSync(['umount', '-l', path]) }
}

const smallDisks = (() => {
  using folder = temporaryFolder()
  using disk = smallDisk(join(folder.path, 'disk'))
  return disk !== undefined
})()

test.skipIf(!smallDisks)(
  'a COMMIT that finds the disk full loses its group, and the log heals by itself',
  async () => {
    using folder = temporaryFolder()
    const place = join(folder.path, 'disk')
    using _disk = smallDisk(place)
    using engine = openEngine(place)
    const { log } = engine
    await begun(engine)
    const before = summary(engine)
    const ballast = join(place, 'ballast')
    writeFileSync(ballast, Buffer.alloc(2.5 * MiB))

    const lost = await Promise.all([
      outcome(log.append(draftOf({ channel: 'session:new', dataText: large }))),
      outcome(log.emit(draftOf({ type: 'transient' }))),
      outcome(log.append(draftOf({ key: 'lost' }))),
    ])
    expect(lost).toEqual(['storage_full', 'evt_0', 'storage_full'])
    expect(summary(engine)).toEqual(before)
    expect(log.head).toBe(3)
    expect(engine.delivered.slice(3).map(({ type }) => type)).toEqual(['transient'])
    expect(log.lostGroups).toBe(1)

    const healed = engine.diary.written('the log can be written again')
    rmSync(ballast)
    await healed
    expect(log.writable).toBe(true)
    expect(await outcome(log.append(draftOf({ key: 'lost' })))).toBe('evt_4')
    expect(engine.reader.query('PRAGMA integrity_check').values()).toEqual([['ok']])
  },
)

test.skipIf(!smallDisks)(
  'on a full disk a read still sees all that follows from the last events',
  async () => {
    using folder = temporaryFolder()
    const place = join(folder.path, 'disk')
    using _disk = smallDisk(place)
    using engine = openEngine(place)
    await begun(engine)
    summary(engine)
    await engine.log.append(draftOf({ channel: 'session:late', type: 'Stop' }))
    const ballast = join(place, 'ballast')
    const fill = Bun.spawnSync(['dd', 'if=/dev/zero', `of=${ballast}`, 'bs=4k'])
    expect(fill.success).toBe(false)
    const read = () =>
      engine.log.read((reader) => reader.query("SELECT events FROM sessions WHERE id = 'late'").values())
    expect(await read()).toEqual([[1]])
    expect(engine.log.behind).toHaveLength(1)
    rmSync(ballast)
    expect(await read()).toEqual([[1]])
    expect(engine.log.behind).toHaveLength(0)
  },
)
