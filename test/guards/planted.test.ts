// Guards 9 and 11: another user of the machine, and what they planted where ours will be. Whatever it is, it is refused
// with its place and its owner, it stays as it is, and nothing is written through it.

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
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type Paths, pathsOf } from '../../src/paths.ts'
import { environmentOf, runPaid, startDaemon, temporaryHome } from '../support/daemon.ts'

const isRoot = process.getuid?.() === 0
/** files of another user can only be made by root */
const asRoot = test.skipIf(!isRoot)
const stranger = 65534

const roots: string[] = []
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true })
})

/** A home that is not there yet, in a folder for what the test plants; both go when it is over. */
const freshHome = (): { paths: Paths; root: string } => {
  const root = temporaryHome()
  roots.push(root)
  return { paths: pathsOf(join(root, 'home')), root }
}

const paid = (paths: Paths, words: string[], stdin = '') =>
  runPaid(words, { env: environmentOf(paths.home, { PAID_LISTEN: '127.0.0.1:0' }), cwd: '/', stdin })

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

/** Everything under a folder, itself included, that others could open; as `mode path`. */
const opened = (path: string): string[] => {
  const found = lstatSync(path)
  const mode = found.mode & 0o777
  return [
    ...((mode & 0o077) === 0 ? [] : [`${mode.toString(8)} ${path}`]),
    ...(found.isDirectory() ? readdirSync(path).flatMap((name) => opened(join(path, name))) : []),
  ]
}

/** Runs with a mask, which children inherit. */
const withUmask = async (mask: number, run: () => Promise<void>): Promise<void> => {
  const before = process.umask(mask)
  try {
    await run()
  } finally {
    process.umask(before)
  }
}

const hook = '{"hook_event_name":"Stop","session_id":"s"}'

test.each(['000', '022', '777'])(
  'guard 9: the home and everything in it is ours alone under umask %s, spool and all',
  async (mask) => {
    const { paths } = freshHome()
    await withUmask(Number.parseInt(mask, 8), async () => {
      expect(await paid(paths, ['hook'], hook)).toEqual({ code: 0, stdout: '', stderr: '' })
      expect(opened(paths.home)).toEqual([])
      expect(readdirSync(paths.spool)).toHaveLength(1)
      try {
        expect(await paid(paths, ['start'])).toMatchObject({ code: 0, stderr: '' })
        expect((await paid(paths, ['emit', 'here'])).code).toBe(0)
        for (const place of ['socket', 'httpSocket', 'database', 'token', 'log', 'daemon', 'lock'] as const)
          expect(lstatSync(paths[place]).mode & 0o777).toBe(0o600)
        expect(statSync(`${paths.database}-wal`).mode & 0o777).toBe(0o600)
        expect(statSync(paths.home).mode & 0o777).toBe(0o700)
        expect(opened(paths.home)).toEqual([])
      } finally {
        await paid(paths, ['stop'])
      }
    })
    expect(opened(paths.home)).toEqual([])
  },
  30_000,
)

test('guard 9: the sockets are ours alone from birth', async () => {
  const { paths } = freshHome()
  mkdirSync(paths.home, { mode: 0o700 })
  const seen = new Set<number>()
  let looking = true
  const look = (): void => {
    for (const path of [paths.socket, paths.httpSocket]) {
      const found = lstatSync(path, { throwIfNoEntry: false })
      if (found) seen.add(found.mode & 0o777)
    }
    if (looking) setImmediate(look)
  }
  look()
  await withUmask(0, async () => {
    await using _daemon = await startDaemon({ home: paths.home })
    looking = false
  })
  expect([...seen]).toEqual([0o600])
}, 30_000)

test('guard 9: files that were opened up since, by a restore or by hand, are closed again', async () => {
  const { paths } = freshHome()
  mkdirSync(paths.home, { mode: 0o755 })
  await (await startDaemon({ home: paths.home })).stop()
  for (const path of [paths.database, paths.log]) chmodSync(path, 0o666)
  chmodSync(paths.home, 0o755)
  mkdirSync(paths.spool, { recursive: true })
  chmodSync(paths.spool, 0o777)
  await using _daemon = await startDaemon({ home: paths.home })
  expect(opened(paths.home)).toEqual([])
}, 30_000)

test.each(['777', '770', '702', '1777'])(
  'guard 9: a home that others can write to is refused (%s)',
  async (mode) => {
    const { paths } = freshHome()
    mkdirSync(paths.home)
    chmodSync(paths.home, Number.parseInt(mode, 8))
    for (const words of [['start'], ['start', '--foreground']]) {
      const { code, stderr } = await paid(paths, words)
      expect(code).toBe(1)
      expect(stderr).toContain(`Others can write to ${paths.home}`)
    }
    expect(await paid(paths, ['hook'], hook)).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(readdirSync(paths.home)).toEqual([])
  },
  30_000,
)

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
    const plants: Record<string, (path: string) => Disposable | void> = {
      socket: (unix) => {
        const listener = Bun.listen({ unix, socket: { data() {} } })
        return { [Symbol.dispose]: () => listener.stop(true) }
      },
      pipe: (path) => void Bun.spawnSync(['mkfifo', path]),
      other: (path) => (place === 'spool' ? writeFileSync(path, 'precious') : mkdirSync(path)),
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
