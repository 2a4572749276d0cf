// The spool through its own door, and with many processes at once.

import { afterEach, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spoolAt, type SpoolEntry } from '../../src/lib/spool.ts'

const MiB = 1024 * 1024
const homes: string[] = []
const temporaryHome = () => {
  const home = mkdtempSync(join(tmpdir(), 'paid-spool-'))
  homes.push(home)
  return home
}
afterEach(() => {
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true })
})

const entry = (occurredAt: number, bytes = 2, key: string = Bun.randomUUIDv7()): SpoolEntry => ({
  key,
  occurredAt,
  path: '/hooks/claude',
  body: Buffer.alloc(bytes, 'x'),
})
const modeOf = (path: string) => lstatSync(path).mode & 0o777

describe('what was written', () => {
  test('comes back as it was, body to the byte', () => {
    const spool = spoolAt(join(temporaryHome(), 'spool'), MiB)
    const body = Buffer.from([0x7b, 0x0a, 0xff, 0x00, 0x0a, 0x7d])
    const written = { key: Bun.randomUUIDv7(), occurredAt: 1_795_000_000_000, path: '/hooks/claude', body }
    spool.write(written)
    const [file] = spool.list()
    expect(file?.occurredAt).toBe(1_795_000_000_000)
    const back = spool.read(file?.name ?? '')
    expect(back).toEqual(written)
    expect(spool.remove(file?.name ?? '')).toBe(true)
    expect(spool.remove(file?.name ?? '')).toBe(false)
    expect(spool.read(file?.name ?? '')).toBe('gone')
    expect(spool.list()).toEqual([])
  })

  test('is listed oldest first, by time and not by text', () => {
    const spool = spoolAt(join(temporaryHome(), 'spool'), MiB)
    for (const at of [1_795_000_000_001, 999, 1_795_000_000_000, 10_000_000_000_000]) spool.write(entry(at))
    expect(spool.list().map((file) => file.occurredAt)).toEqual([
      999, 1_795_000_000_000, 1_795_000_000_001, 10_000_000_000_000,
    ])
  })

  test('is private: folders 0700, files 0600, and a home is made when there is none', () => {
    const home = join(temporaryHome(), 'home')
    const spool = spoolAt(join(home, 'spool'), MiB)
    spool.write(entry(1))
    expect(modeOf(home)).toBe(0o700)
    expect(modeOf(spool.folder)).toBe(0o700)
    expect(readdirSync(spool.folder).map((name) => modeOf(join(spool.folder, name)))).toEqual([0o600])
  })

  test('leaves nothing beside it, and what a dead writer left is cleared away', () => {
    const spool = spoolAt(join(temporaryHome(), 'spool'), MiB)
    spool.write(entry(1))
    const now = Date.now()
    writeFileSync(join(spool.folder, `.tmp-${now - 120_000}-dead`), 'half')
    writeFileSync(join(spool.folder, `.tmp-${now}-alive`), 'half')
    spool.write(entry(2))
    expect(readdirSync(spool.folder).filter((name) => name.startsWith('.'))).toEqual([`.tmp-${now}-alive`])
    expect(spool.list()).toHaveLength(2)
  })
})

describe('what is not there or not ours', () => {
  test('a spool that does not exist is empty', () => {
    const spool = spoolAt(join(temporaryHome(), 'spool'), MiB)
    expect(spool.list()).toEqual([])
    expect(spool.dropped()).toBe(0)
    expect(existsSync(spool.folder)).toBe(false)
  })

  test('a damaged, oversized or planted file is called damaged and harms nothing', () => {
    const home = temporaryHome()
    const spool = spoolAt(join(home, 'spool'), MiB)
    spool.write(entry(1))
    const bad: Record<string, string> = {
      '2-empty.json': '',
      '3-noheader.json': '{"session_id":"s"}',
      '4-badheader.json': '{"key":1}\n{}',
      '5-null.json': 'null\n{}',
      '6-notjson.json': 'hello\n{}',
    }
    for (const [name, text] of Object.entries(bad)) writeFileSync(join(spool.folder, name), text)
    writeFileSync(join(spool.folder, '7-huge.json'), '')
    truncateSync(join(spool.folder, '7-huge.json'), 3 * MiB)
    writeFileSync(join(home, 'secret'), '{"key":"k","occurredAt":1,"path":"/p"}\n{}')
    symlinkSync(join(home, 'secret'), join(spool.folder, '8-link.json'))
    mkdirSync(join(spool.folder, '9-folder.json'))
    const verdicts = spool.list().map((file): string => {
      const read = spool.read(file.name)
      return typeof read === 'string' ? read : 'event'
    })
    expect(verdicts).toEqual(['event', ...Array<string>(8).fill('damaged')])
    expect(spool.read('../secret')).toBe('damaged')
    expect(spool.remove('../secret')).toBe(false)
    expect(existsSync(join(home, 'secret'))).toBe(true)
  })

  test('nothing is written through a link, into a foreign folder, or where others may write', () => {
    const home = temporaryHome()
    const elsewhere = temporaryHome()
    symlinkSync(elsewhere, join(home, 'spool'))
    expect(() => spoolAt(join(home, 'spool'), MiB).write(entry(1))).toThrow('is not a folder')
    expect(readdirSync(elsewhere)).toEqual([])

    writeFileSync(join(home, 'file'), '')
    expect(() => spoolAt(join(home, 'file'), MiB).write(entry(1))).toThrow()

    const open = spoolAt(join(elsewhere, 'spool'), MiB)
    open.write(entry(1))
    chmodSync(open.folder, 0o777)
    expect(() => open.write(entry(2))).toThrow('can be written by others')
    chmodSync(open.folder, 0o700)
    chmodSync(elsewhere, 0o770)
    expect(() => open.write(entry(2))).toThrow('can be written by others')
    expect(open.list()).toHaveLength(1)
  })

  test('a file planted under the temporary name is not written to', () => {
    const home = temporaryHome()
    const spool = spoolAt(join(home, 'spool'), MiB)
    spool.write(entry(1))
    const now = Date.now()
    symlinkSync(join(home, 'target'), join(spool.folder, `.tmp-${now}-k`))
    expect(() => spool.write(entry(now, 2, 'k'))).toThrow()
    expect(existsSync(join(home, 'target'))).toBe(false)
  })

  test('a key that would be a path is refused', () => {
    const spool = spoolAt(join(temporaryHome(), 'spool'), MiB)
    for (const key of ['../../x', 'a/b', '', 'a.json', 'x'.repeat(200)])
      expect(() => spool.write(entry(1, 2, key))).toThrow('a key of letters')
  })
})

describe('the bound', () => {
  test('drops the oldest and counts them', () => {
    const spool = spoolAt(join(temporaryHome(), 'spool'), MiB)
    for (let at = 1; at <= 10; at += 1) spool.write(entry(at, 200 * 1024))
    expect(spool.list().map((file) => file.occurredAt)).toEqual([6, 7, 8, 9, 10])
    expect(spool.dropped()).toBe(5)
    spool.write(entry(11))
    expect(spool.dropped()).toBe(5)
  })

  test('counts whole blocks, so that small events are bounded in number', () => {
    const spool = spoolAt(join(temporaryHome(), 'spool'), 10 * 4096)
    for (let at = 1; at <= 25; at += 1) spool.write(entry(at))
    expect(spool.list()).toHaveLength(10)
    expect(spool.dropped()).toBe(15)
  })

  test('counts a file whose name does not tell its size by its size', () => {
    const spool = spoolAt(join(temporaryHome(), 'spool'), MiB)
    spool.write(entry(2))
    writeFileSync(join(spool.folder, '1-planted.json'), Buffer.alloc(MiB))
    spool.write(entry(3))
    expect(spool.list().map((file) => file.occurredAt)).toEqual([2, 3])
    expect(spool.dropped()).toBe(1)
  })

  test('an event larger than the bound is dropped and counted', () => {
    const spool = spoolAt(join(temporaryHome(), 'spool'), MiB)
    spool.write(entry(1, 2 * MiB))
    expect(spool.list()).toEqual([])
    expect(spool.dropped()).toBe(1)
  })
})

test('processes that write at once lose nothing, stay in the bound, and count every drop once', async () => {
  const folder = join(temporaryHome(), 'spool')
  const writer = `
    const { spoolAt } = await import(${JSON.stringify(join(import.meta.dir, '../../src/lib/spool.ts'))})
    const spool = spoolAt(${JSON.stringify(folder)}, ${100 * 4096})
    for (let i = 0; i < 60; i++) spool.write({ key: Bun.randomUUIDv7(), occurredAt: Date.now(), path: '/hooks/claude',
      body: Buffer.from(JSON.stringify({ i })) })`
  const writers = Array.from({ length: 5 }, () =>
    Bun.spawn([process.execPath, '-e', writer], { stderr: 'pipe' }),
  )
  for (const process of writers) {
    expect(await new Response(process.stderr).text()).toBe('')
    expect(await process.exited).toBe(0)
  }
  const spool = spoolAt(folder, 100 * 4096)
  const files = spool.list()
  expect(files.length).toBeLessThanOrEqual(100)
  expect(files.length + spool.dropped()).toBe(300)
  for (const file of files) expect(typeof spool.read(file.name)).toBe('object')
})

test('a reader sees whole files only, while another process renames them away', () => {
  const spool = spoolAt(join(temporaryHome(), 'spool'), MiB)
  spool.write(entry(1))
  const [file] = spool.list()
  renameSync(join(spool.folder, file?.name ?? ''), join(spool.folder, 'aside'))
  expect(spool.read(file?.name ?? '')).toBe('gone')
})
