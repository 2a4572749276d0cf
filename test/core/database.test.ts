// The database file: how it is opened, how its schema grows, and what it says of the run before.

import { expect, test } from 'bun:test'
import { Database } from 'bun:sqlite'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PaidError } from '../../src/protocol/error.ts'
import {
  beginRun,
  bytesOf,
  endRun,
  identityOf,
  openDatabase,
  openReader,
  schemaVersion,
} from '../../src/core/database.ts'
import { migrations } from '../../src/core/migrations.ts'
import { draftOf, openEngine, temporaryFolder } from '../support/engine.ts'

/** A database as the first version made it, with events of three streams and one that the daemon wrote. */
const version1 = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE streams (
    id INTEGER PRIMARY KEY, namespace TEXT NOT NULL, channel TEXT NOT NULL, type TEXT NOT NULL,
    reserved INTEGER NOT NULL, events INTEGER NOT NULL, last_seq INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX streams_channel ON streams (namespace, channel, type);
  CREATE INDEX streams_type ON streams (namespace, type, last_seq);
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY, stream INTEGER NOT NULL, namespace TEXT NOT NULL, at INTEGER NOT NULL,
    occurred_at INTEGER, by TEXT NOT NULL, key TEXT, origin TEXT, data TEXT NOT NULL
  ) STRICT;
  CREATE INDEX events_stream ON events (stream, seq);
  CREATE UNIQUE INDEX events_key ON events (namespace, key) WHERE key IS NOT NULL;
  INSERT INTO meta VALUES ('log_id', 'the-log'), ('epoch', '3');
  INSERT INTO streams VALUES
    (1, '', 'session:a', 'SessionStart', 0, 1, 2), (2, '', 'session:a', 'Stop', 0, 2, 6),
    (3, '', 'events', 'Stop', 0, 1, 3), (4, '', 'system:daemon', 'system.started', 1, 1, 1),
    (5, 'other', 'session:b', 'Stop', 0, 1, 5);
  INSERT INTO events VALUES
    (1, 4, '', 1000, NULL, 'daemon:paid', NULL, NULL, '{}'), (2, 1, '', 1001, NULL, 'unix:0', NULL, NULL, '{}'),
    (3, 3, '', 1002, 7, 'unix:0', 'k', '{"a":1}', '{"n":1}'), (4, 2, '', 1003, NULL, 'unix:0', NULL, NULL, '{}'),
    (5, 5, 'other', 1004, NULL, 'unix:0', NULL, NULL, '{}'), (6, 2, '', 1005, NULL, 'unix:0', NULL, NULL, '{}');
  PRAGMA user_version = 1;
`

const make = (path: string, sql: string): void => {
  using database = new Database(path, { create: true })
  database.run(sql)
}

const namesIn = (database: Database): unknown[] =>
  database.query('SELECT name FROM sqlite_schema ORDER BY name').values().flat()

test('a new database has the newest schema, an identity of its own, and a COMMIT that is on disk', () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'paid.db')
  using database = openDatabase(path)
  expect(schemaVersion(database)).toBe(migrations.length)
  const pragma = (name: string) => database.query(`PRAGMA ${name}`).values()[0]?.[0]
  expect(['journal_mode', 'synchronous', 'auto_vacuum', 'busy_timeout'].map(pragma)).toEqual([
    'wal',
    2,
    2,
    100,
  ])
  using reader = openReader(path)
  const { id, epoch } = identityOf(reader)
  expect(id).toMatch(/^[\da-f-]{36}$/)
  expect(epoch).toBe(1)
  expect(() => reader.run("DELETE FROM meta WHERE name = 'epoch'")).toThrow('readonly')
  expect(bytesOf(path)).toBeGreaterThan(0)
})

test('opening a database again changes nothing in it', () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'paid.db')
  openDatabase(path).close()
  const before = readFileSync(path)
  openDatabase(path).close()
  expect(readFileSync(path)).toEqual(before)
})

test('a database of version 1 is migrated, and its sessions and counters are filled in from its events', async () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'paid.db')
  make(path, version1)
  using engine = openEngine(folder.path)
  const { database, reader, log } = engine
  expect(schemaVersion(database)).toBe(migrations.length)
  using fresh = openDatabase(':memory:')
  expect(namesIn(database)).toEqual(namesIn(fresh))
  expect(identityOf(reader)).toEqual({ id: 'the-log', epoch: 3 })
  const sessions = 'SELECT * FROM sessions ORDER BY id'
  const counters = 'SELECT * FROM counters ORDER BY namespace, name'
  expect(reader.query(sessions).values()).toEqual([
    ['', 'a', null, null, 3, 2, 1001, 6, 1005, 'Stop'],
    ['other', 'b', null, null, 1, 5, 1004, 5, 1004, 'Stop'],
  ])
  expect(reader.query(counters).values()).toEqual([
    ['', 'events', 4],
    ['', 'sessions', 1],
    ['', 'type:SessionStart', 1],
    ['', 'type:Stop', 3],
    ['other', 'events', 1],
    ['other', 'sessions', 1],
    ['other', 'type:Stop', 1],
  ])

  await log.append(draftOf({ channel: 'session:a', type: 'Stop', dataText: '{"cwd":"/somewhere"}' }))
  await log.append(draftOf({ channel: 'session:c', type: 'Stop' }))
  expect(
    engine.reader.query('SELECT id, folder, events, first_seq, last_seq FROM sessions ORDER BY id').values(),
  ).toEqual([
    ['a', '/somewhere', 4, 2, 7],
    ['b', null, 1, 5, 5],
    ['c', null, 1, 8, 8],
  ])
  expect(
    engine.reader.query("SELECT value FROM counters WHERE namespace = '' ORDER BY name").values().flat(),
  ).toEqual([6, 2, 1, 5])
})

test('an empty database of version 1 is migrated too', () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'paid.db')
  make(path, `${version1} DELETE FROM events; DELETE FROM streams;`)
  using database = openDatabase(path)
  expect(schemaVersion(database)).toBe(migrations.length)
  expect(database.query('SELECT * FROM counters').values()).toEqual([])
})

test('a step that fails is undone as a whole, and the database stays what it was', () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'paid.db')
  make(path, `${version1} CREATE TABLE counters (something TEXT);`)
  expect(() => openDatabase(path)).toThrow('already exists')
  using database = new Database(path)
  expect(schemaVersion(database)).toBe(1)
  expect(namesIn(database)).not.toContain('sessions')
})

test.each(['wal', 'delete'])('a newer database in %s mode is refused, and nothing is changed', (mode) => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'paid.db')
  make(path, `PRAGMA journal_mode = ${mode}; ${version1} PRAGMA user_version = ${migrations.length + 1};`)
  const before = readFileSync(path)
  let refused: unknown
  try {
    openDatabase(path).close()
  } catch (error) {
    refused = error
  }
  expect(refused).toBeInstanceOf(PaidError)
  expect(refused).toHaveProperty('code', 'incompatible')
  expect(String(refused)).toContain(`schema ${migrations.length + 1}`)
  expect(readFileSync(path).equals(before)).toBe(true)
  expect(readdirSync(folder.path)).toEqual(['paid.db'])
})

test('a run that did not end is known at the next start, one that did is not', () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'paid.db')
  const run = (ends: boolean): boolean => {
    using database = openDatabase(path)
    const unclean = beginRun(database)
    if (ends) endRun(database)
    return unclean
  }
  expect([run(true), run(false), run(true), run(true)]).toEqual([false, false, true, false])
})

test('a run that ends while nothing can be written ends all the same, and is looked at again', () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'paid.db')
  {
    using database = openDatabase(path)
    beginRun(database)
    database.run('PRAGMA query_only = ON')
    endRun(database)
  }
  using again = openDatabase(path)
  expect(beginRun(again)).toBe(true)
})
