// Guard 9: what is ours is for our eyes only, from birth and under any umask, and where others can write nothing starts.

import { afterEach, expect, test } from 'bun:test'
import { chmodSync, lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Paths } from '../../src/paths.ts'
import { startDaemon } from '../support/daemon.ts'
import { freshHome, hook, paid, removeHomes } from '../support/fresh-home.ts'

afterEach(removeHomes)

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

/** What the daemon has taken out of the spool, asked until it is something. */
const takenIn = async (paths: Paths): Promise<number> => {
  for (;;) {
    const { taken } = JSON.parse((await paid(paths, ['status', '--json'])).stdout).spool
    if (taken > 0) return taken
  }
}

test.each(['000', '022', '777'])(
  'guard 9: the home and everything in it is ours alone under umask %s, whoever made it',
  async (mask) => {
    for (const first of ['hook', 'start']) {
      const { paths } = freshHome()
      await withUmask(Number.parseInt(mask, 8), async () => {
        if (first === 'hook') {
          expect(await paid(paths, ['hook'], hook)).toEqual({ code: 0, stdout: '', stderr: '' })
          expect(opened(paths.home)).toEqual([])
          expect(readdirSync(paths.spool)).toHaveLength(1)
        }
        try {
          expect(await paid(paths, ['start'])).toMatchObject({ code: 0, stderr: '' })
          expect((await paid(paths, ['emit', 'here'])).code).toBe(0)
          for (const place of ['socket', 'httpSocket', 'database', 'token', 'log', 'daemon', 'lock'] as const)
            expect(lstatSync(paths[place]).mode & 0o777).toBe(0o600)
          expect(statSync(`${paths.database}-wal`).mode & 0o777).toBe(0o600)
          expect(statSync(paths.home).mode & 0o777).toBe(0o700)
          if (first === 'hook') expect(await takenIn(paths)).toBe(1)
          expect((await paid(paths, ['logs'])).stdout).toContain('ready')
          expect(opened(paths.home)).toEqual([])
        } finally {
          await paid(paths, ['stop'])
        }
        expect(opened(paths.home)).toEqual([])
      })
    }
  },
  60_000,
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
    look()
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
