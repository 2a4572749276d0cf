// Guard 11: what others planted where ours will be. Whatever it is, it is refused with its place and its owner, it stays
// as it is, and nothing is written through it.

import { afterEach, expect, test } from 'bun:test'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Paths } from '../../src/paths.ts'
import { freshHome, hook, paid, removeHomes } from '../support/fresh-home.ts'

afterEach(removeHomes)

/** files of another user can only be made by root */
const asRoot = test.skipIf(process.getuid?.() !== 0)
const stranger = 65534

/** Both ways to start are refused, with words that name the place and its owner. */
const expectRefused = async (paths: Paths, place: string, owner: number): Promise<void> => {
  for (const words of [['start'], ['start', '--foreground']]) {
    const { code, stderr, stdout } = await paid(paths, words)
    expect({ words, code, stdout }).toEqual({ words, code: expect.any(Number), stdout: '' })
    expect([1, 2]).toContain(code)
    expect(stderr).toContain(place)
    expect(stderr).toMatch(new RegExp(`(user|owner) ${owner}\\b`))
    expect(stderr).not.toMatch(/\.ts:\d|bunfs| at .+:\d+/)
  }
}

const me = process.getuid?.() ?? 0
const files = ['database', 'log', 'daemon', 'token', 'lock', 'socket', 'httpSocket'] as const

test.each(files)(
  'guard 11: a symlink where %s goes is refused, and nothing is written through it',
  async (place) => {
    const { paths, root } = freshHome()
    mkdirSync(paths.home, { mode: 0o700 })
    const precious = join(root, 'precious')
    for (const there of [true, false]) {
      rmSync(precious, { force: true })
      if (there) writeFileSync(precious, 'precious', { mode: 0o600 })
      symlinkSync(precious, paths[place])
      await expectRefused(paths, paths[place], me)
      expect(existsSync(precious)).toBe(there)
      if (there) expect(readFileSync(precious, 'utf8')).toBe('precious')
      expect(lstatSync(paths[place]).isSymbolicLink()).toBe(true)
      rmSync(paths[place])
    }
  },
  30_000,
)

test.each(['-wal', '-shm', '-journal'])('guard 11: so is one where the database has its %s', async (end) => {
  const { paths, root } = freshHome()
  mkdirSync(paths.home, { mode: 0o700 })
  const precious = join(root, 'precious')
  writeFileSync(precious, 'precious')
  symlinkSync(precious, `${paths.database}${end}`)
  await expectRefused(paths, `${paths.database}${end}`, me)
  expect(readFileSync(precious, 'utf8')).toBe('precious')
})

test.each(['database', 'log', 'daemon', 'token', 'lock', 'spool', 'config'] as const)(
  'guard 11: a socket, a pipe and the wrong kind of thing where %s goes are refused',
  async (place) => {
    const { paths } = freshHome()
    mkdirSync(paths.home, { mode: 0o700 })
    const plants: Record<string, (path: string) => Disposable | undefined> = {
      socket: (unix) => {
        const listener = Bun.listen({ unix, socket: { data() {} } })
        return { [Symbol.dispose]: () => listener.stop(true) }
      },
      pipe: (path) => {
        Bun.spawnSync(['mkfifo', path])
        return undefined
      },
      other: (path) => {
        if (place === 'spool') writeFileSync(path, 'precious')
        else mkdirSync(path)
        return undefined
      },
    }
    for (const plant of Object.values(plants)) {
      using _planted = plant(paths[place])
      const before = lstatSync(paths[place]).mode
      for (const words of [['start'], ['start', '--foreground']]) {
        const { code, stderr } = await paid(paths, words)
        expect([1, 2]).toContain(code)
        expect(stderr).toContain(paths[place])
      }
      expect(lstatSync(paths[place]).mode).toBe(before)
      rmSync(paths[place], { recursive: true })
    }
  },
  30_000,
)

test('guard 11: a spool that is a symlink is refused, and nothing behind it is touched', async () => {
  const { paths, root } = freshHome()
  mkdirSync(paths.home, { mode: 0o700 })
  const elsewhere = join(root, 'elsewhere')
  mkdirSync(elsewhere)
  const name = '1700000000000-k.json'
  writeFileSync(join(elsewhere, name), '{"key":"k","occurredAt":1,"path":"/hooks/claude"}\n{}')
  symlinkSync(elsewhere, paths.spool)
  await expectRefused(paths, paths.spool, me)
  expect(await paid(paths, ['hook'], hook)).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(readdirSync(elsewhere)).toEqual([name])
})

test('guard 11: a home that is a file, or a link to nowhere, is refused', async () => {
  const { paths, root } = freshHome()
  writeFileSync(paths.home, 'precious')
  await expectRefused(paths, paths.home, me)
  expect(readFileSync(paths.home, 'utf8')).toBe('precious')
  rmSync(paths.home)
  symlinkSync(join(root, 'nowhere'), paths.home)
  await expectRefused(paths, paths.home, me)
  expect(readdirSync(root)).toEqual(['home'])
})

test('guard 11: a home and a configuration that their owner keeps elsewhere by links of their own are fine', async () => {
  const { paths, root } = freshHome()
  mkdirSync(join(root, 'disk'), { mode: 0o700 })
  symlinkSync(join(root, 'disk'), paths.home)
  writeFileSync(join(root, 'dotfile'), '{"log":{"level":"warn"}}')
  symlinkSync(join(root, 'dotfile'), paths.config)
  expect((await paid(paths, ['start'])).code).toBe(0)
  expect((await paid(paths, ['stop'])).stdout).toBe('stopped\n')
})

asRoot.each([...files, 'spool', 'config'] as const)(
  'guard 11: what belongs to another user where %s goes is refused (needs root to plant it)',
  async (place) => {
    const { paths } = freshHome()
    mkdirSync(paths.home, { mode: 0o700 })
    const listener = place.endsWith('ocket')
      ? Bun.listen({ unix: paths[place], socket: { data() {} } })
      : undefined
    if (place === 'spool') mkdirSync(paths.spool)
    else if (!listener) writeFileSync(paths[place], place === 'config' ? '{}' : '', { mode: 0o600 })
    chownSync(paths[place], stranger, stranger)
    await expectRefused(paths, paths[place], stranger)
    expect(lstatSync(paths[place]).uid).toBe(stranger)
    listener?.stop(true)
  },
  30_000,
)

asRoot(
  'guard 11: nobody starts in, asks or hands an event to the home of another user (needs root)',
  async () => {
    const { paths } = freshHome()
    mkdirSync(paths.home, { mode: 0o755 })
    const heard: string[] = []
    const socket = { data: (_: unknown, bytes: Buffer) => void heard.push(bytes.toString()) }
    using _native = Bun.listen({ unix: paths.socket, socket })
    using _http = Bun.listen({ unix: paths.httpSocket, socket })
    chownSync(paths.home, stranger, stranger)
    await expectRefused(paths, paths.home, stranger)
    for (const words of [['status'], ['stop'], ['emit', 'secret'], ['events']]) {
      const { code, stderr } = await paid(paths, words)
      expect(code).toBe(1)
      expect(stderr).toContain(`${paths.home} belongs to another user`)
    }
    expect(await paid(paths, ['hook'], hook)).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(heard).toEqual([])
    expect(readdirSync(paths.home).sort()).toEqual(['http.sock', 'paid.sock'])
  },
)

test('guard 11: a token that others could read, or that is too weak, is refused and not shown', async () => {
  const { paths } = freshHome()
  mkdirSync(paths.home, { mode: 0o700 })
  const secret = 'a-token-that-others-could-read'
  writeFileSync(paths.token, secret)
  chmodSync(paths.token, 0o644)
  const readable = await paid(paths, ['start', '--foreground'])
  expect(readable).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`Others can read ${paths.token}`),
  })
  chmodSync(paths.token, 0o600)
  writeFileSync(paths.token, 'short')
  const weak = await paid(paths, ['start', '--foreground'])
  expect(weak.code).toBe(2)
  expect(readable.stderr + weak.stderr).not.toContain(secret)
  expect(weak.stderr).not.toContain('short')
})
