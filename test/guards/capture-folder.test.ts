// Guard 11 for the folder whose name everybody knows, in one where everybody may make it: only as ours, closed to
// others, with nobody living in it, and as it was when we leave.

import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type CaptureStage, openCaptureLine, openCaptureStage } from '../support/capture.ts'

const pong = '{"pong":true}'
/** files of another user can only be made by root */
const asRoot = test.skipIf(process.getuid?.() !== 0)
const stranger = 65534
const me = process.getuid?.() ?? 0

let at: CaptureStage
beforeEach(() => {
  at = openCaptureStage()
})
afterEach(() => at[Symbol.dispose]())

/** What a daemon says that does not start. */
const refusal = async (): Promise<string> => {
  try {
    await (await at.start()).stop()
  } catch (error) {
    return String(error)
  }
  throw new Error('It started')
}

const answers = async (): Promise<void> => {
  await using line = await openCaptureLine(at.path)
  expect(await line.say('{"command":"ping"}')).toBe(pong)
}

const modeOf = (path: string): string => (lstatSync(path).mode & 0o777).toString(8)

describe('refused', () => {
  test('a link, also one to a folder of ours', async () => {
    const elsewhere = join(at.root, 'elsewhere')
    mkdirSync(elsewhere, { mode: 0o700 })
    symlinkSync(elsewhere, at.folder)
    const said = await refusal()
    expect(said).toContain(`${at.folder} is a symbolic link of user ${me}`)
    expect(said).toContain('start without --capture-legacy')
    expect(readdirSync(elsewhere)).toEqual([])
  })

  test('a file', async () => {
    writeFileSync(at.folder, 'notes')
    expect(await refusal()).toContain(`${at.folder} is no folder (owner ${me})`)
    expect(readFileSync(at.folder, 'utf8')).toBe('notes')
  })

  test.each([0o755, 0o710, 0o701])('a folder of mode %o', async (mode) => {
    mkdirSync(at.folder)
    chmodSync(at.folder, mode)
    writeFileSync(join(at.folder, 'daemon.log'), 'of the old one')
    const said = await refusal()
    expect(said).toContain(`${at.folder} is open to other users (mode ${mode.toString(8)})`)
    expect(said).toContain(`chmod 700 ${at.folder}`)
    expect(readdirSync(at.folder)).toEqual(['daemon.log'])
    expect(modeOf(at.folder)).toBe(mode.toString(8))
    chmodSync(at.folder, 0o700)
    await using _ = await at.start()
    await answers()
  })

  asRoot('a folder of somebody else', async () => {
    mkdirSync(at.folder, { mode: 0o700 })
    chownSync(at.folder, stranger, stranger)
    expect(await refusal()).toContain(`${at.folder} belongs to user ${stranger}`)
    expect(readdirSync(at.folder)).toEqual([])
  })

  asRoot('a socket of somebody else', async () => {
    mkdirSync(at.folder, { mode: 0o700 })
    const theirs = Bun.listen({ unix: at.path, socket: { data() {} } })
    chownSync(at.path, stranger, stranger)
    expect(await refusal()).toContain(`${at.path} is a socket of user ${stranger}`)
    expect(lstatSync(at.path).uid).toBe(stranger)
    theirs.stop(true)
  })

  test('a file or a link where the socket goes', async () => {
    mkdirSync(at.folder, { mode: 0o700 })
    const precious = join(at.root, 'precious')
    symlinkSync(precious, at.path)
    expect(await refusal()).toContain(`${at.path} is no socket (owner ${me})`)
    expect(existsSync(precious)).toBe(false)
  })

  test('a link where the pid goes', async () => {
    mkdirSync(at.folder, { mode: 0o700 })
    const precious = join(at.root, 'precious')
    writeFileSync(precious, 'precious')
    symlinkSync(precious, at.pidFile)
    expect(await refusal()).toContain(`${at.pidFile} is a symbolic link of user ${me}`)
    expect(readFileSync(precious, 'utf8')).toBe('precious')
    expect(readdirSync(at.folder)).toEqual(['daemon.pid'])
  })

  test('a socket whose owner lives; the error says who that is, and theirs goes on', async () => {
    await using first = await at.start()
    using other = openCaptureStage()
    const second = other.start({ env: { TMPDIR: at.temporary } })
    expect(second).rejects.toThrow(`${at.path} is held by pid ${first.pid}`)
    await second.catch(() => undefined)
    await answers()
    expect(readFileSync(at.pidFile, 'utf8')).toBe(String(first.pid))
  })

  test('a folder in one that others could change', async () => {
    chmodSync(at.temporary, 0o777)
    expect(await refusal()).toContain(`${at.temporary} can be changed by others`)
    chmodSync(at.temporary, 0o1777)
    await using _ = await at.start()
    await answers()
  })
})

describe('taken', () => {
  test('it holds the socket and the pid, for our eyes only, and neither at the end', async () => {
    const daemon = await at.start()
    expect(readFileSync(at.pidFile, 'utf8')).toBe(String(daemon.pid))
    const modes = [at.folder, at.path, at.pidFile].map(modeOf)
    expect(modes).toEqual(['700', '600', '600'])
    expect(readdirSync(at.folder).toSorted()).toEqual(['daemon.pid', 'daemon.sock'])
    await daemon.kill('SIGTERM')
    expect(readdirSync(at.folder)).toEqual([])
  })

  test.each(['', '999999', 'garbage', '-1', '0', '1'])(
    'a stale socket and the pid %j are replaced',
    async (pid) => {
      const before = await at.start()
      await before.kill('SIGKILL')
      expect(lstatSync(at.path).isSocket()).toBe(true)
      writeFileSync(at.pidFile, pid)
      await using after = await at.start()
      expect(readFileSync(at.pidFile, 'utf8')).toBe(String(after.pid))
      await answers()
    },
  )

  test('of five that start at once one serves, and the pid is its own', async () => {
    const others = Array.from({ length: 5 }, () => openCaptureStage())
    try {
      const started = await Promise.allSettled(
        others.map((each) => each.start({ env: { TMPDIR: at.temporary } })),
      )
      const serving = started.filter((each) => each.status === 'fulfilled').map(({ value }) => value)
      expect(serving).toHaveLength(1)
      expect(readFileSync(at.pidFile, 'utf8')).toBe(String(serving[0]?.pid))
      await answers()
      await serving[0]?.stop()
    } finally {
      for (const each of others) each[Symbol.dispose]()
    }
  })
})

describe('known to the command line', () => {
  test('status and doctor name it, a restart keeps it', async () => {
    await using daemon = await at.start()
    expect((await daemon.run(['status'])).stdout).toContain(at.path)
    expect(JSON.parse((await daemon.run(['status', '--json'])).stdout).sockets).toContain(at.path)
    const doctor = () => daemon.run(['doctor'])
    expect((await doctor()).stdout).toContain('all 3 answer, and are yours alone')
    expect((await daemon.run(['restart'])).code).toBe(0)
    try {
      await answers()
      expect(readFileSync(at.pidFile, 'utf8')).not.toBe(String(daemon.pid))
      Bun.spawnSync(['rm', at.path])
      expect((await doctor()).stdout).toContain(`${at.path} is missing`)
    } finally {
      await daemon.run(['stop'])
    }
    expect(existsSync(dirname(at.path)) ? readdirSync(at.folder) : []).toEqual([])
  })
})
