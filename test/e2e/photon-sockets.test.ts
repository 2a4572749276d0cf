// The sockets where photon's clients look for their daemons, and others that a user names: who is served there, in
// which namespace, and that nobody's place is taken.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { openConversation } from '../support/conversation.ts'
import { startDaemon, type DaemonOptions, type TestDaemon } from '../support/daemon.ts'

/** A user's home, where `.photon` goes. */
let userHome: string
const makeHome = () => (userHome = mkdtempSync(join(tmpdir(), 'ph-')))
const removeHome = () => rmSync(userHome, { recursive: true, force: true })

const photonSocket = (name: string) => join(userHome, '.photon/daemons', `${name}.sock`)
const globalSocket = () => join(userHome, '.photon/.data/daemon.sock')
const start = (args: string[], more: DaemonOptions = {}) =>
  startDaemon({ ...more, args, env: { HOME: userHome, ...more.env } })
const modeOf = (path: string) => (lstatSync(path).mode & 0o777).toString(8)

/** What a daemon says that does not start. */
const refusalOf = async (args: string[], more: DaemonOptions = {}): Promise<string> => {
  try {
    await (await start(args, more)).stop()
  } catch (error) {
    return String(error)
  }
  throw new Error('It started')
}

describe('served', () => {
  let daemon: TestDaemon
  let other: string

  beforeAll(async () => {
    makeHome()
    other = join(userHome, 'made/for/it/other.sock')
    const config = { sockets: [other, { path: join(userHome, 'named.sock'), namespace: 'kanban' }] }
    daemon = await start(['--photon', 'kanban', '--photon', 'todo', '--photon-global'], { config })
  })
  afterAll(async () => {
    await daemon.stop()
    removeHome()
  })

  test('an action that is stored on the socket of a photon is one of its methods, and of nobody else', async () => {
    await using kanban = openConversation(photonSocket('kanban'))
    await kanban.play(`
      a > {"id":1,"method":"action.add","params":{"name":"echo","kind":"command","command":["cat"]}}
      a < {"id":1,"result":{"added":true,"replaced":false}}
      a > {"type":"command","id":"c","method":"echo","args":{"n":1}}
      a < {"type":"result","id":"c","success":true,"data":{"n":1},"durationMs":"#"}`)
    await using todo = openConversation(photonSocket('todo'))
    const { write, lines } = await todo.speaker('a')
    await write('{"type":"command","id":"c","method":"echo"}\n')
    expect(JSON.parse(await lines.next())).toMatchObject({
      type: 'error',
      id: 'c',
      error: 'Tool not found: echo',
    })
    expect(await daemon.run(['actions', 'run', 'echo'])).toMatchObject({ code: 1 })
  })

  test('sockets are ours alone, and so are the folders that were made for them', () => {
    for (const path of [photonSocket('kanban'), photonSocket('todo'), globalSocket(), other]) {
      expect(lstatSync(path).isSocket()).toBe(true)
      expect(modeOf(path)).toBe('600')
      expect(modeOf(dirname(path))).toBe('700')
    }
  })

  test('status and daemon.json name them', async () => {
    const { stdout } = await daemon.run(['status', '--json'])
    const { sockets } = z.object({ sockets: z.array(z.string()) }).parse(JSON.parse(stdout))
    const expected = ['kanban', 'todo'].map(photonSocket)
    expect(sockets).toEqual(expect.arrayContaining([...expected, globalSocket(), other]))
    expect(JSON.parse(readFileSync(daemon.paths.daemon, 'utf8'))).toMatchObject({ sockets })
    expect((await daemon.run(['status'])).stdout).toContain(photonSocket('kanban'))
  })

  test('beside the global socket stands whose it is, and no pid file', () => {
    const folder = dirname(globalSocket())
    expect(JSON.parse(readFileSync(join(folder, 'daemon.owner.json'), 'utf8'))).toEqual({
      pid: daemon.pid,
      socketPath: globalSocket(),
      claimedAt: expect.any(Number),
    })
    expect(modeOf(join(folder, 'daemon.owner.json'))).toBe('600')
    expect(existsSync(join(folder, 'daemon.pid'))).toBe(false)
  })

  test('namespaces never meet; a socket, a photonName and a configured path may name the same one', async () => {
    await using kanban = openConversation(photonSocket('kanban'))
    await using todo = openConversation(photonSocket('todo'))
    await using newer = openConversation(globalSocket())
    await using named = openConversation(join(userHome, 'named.sock'))
    await using own = openConversation(daemon.socket)
    const subscribe = (photonName?: string) => `
      a > {"type":"subscribe","id":"s","channel":"board"${photonName ? `,"photonName":"${photonName}"` : ''}}
      a < {"type":"result","id":"s","success":true,"data":{"subscribed":true,"channel":"board"}}`
    const heard = (message: number) => `
      a < {"type":"channel_message","id":"ch_*","channel":"board","message":${message}}`
    // whose door has a namespace does not leave it
    await kanban.play(subscribe('todo'))
    await todo.play(subscribe())
    await newer.play(subscribe('kanban'))
    await named.play(subscribe())
    await own.play(subscribe())
    await kanban.ask('b', { type: 'publish', id: 'p', channel: 'board', message: 1 })
    await newer.ask('b', { type: 'publish', id: 'p', channel: 'board', message: 2, photonName: 'todo' })
    await own.ask('b', { type: 'publish', id: 'p', channel: 'board', message: 3 })
    await kanban.play(`${heard(1)}
      a .`)
    await newer.play(`${heard(1)}
      a .`)
    await named.play(`${heard(1)}
      a .`)
    await todo.play(`${heard(2)}
      a .`)
    await own.play(`${heard(3)}
      a .`)
  })

  test('locks of two namespaces do not meet either', async () => {
    await using kanban = openConversation(photonSocket('kanban'))
    await using newer = openConversation(globalSocket())
    const lock = (sessionId: string, photonName?: string) => ({
      type: 'lock',
      id: 'l',
      lockName: 'w',
      sessionId,
      photonName,
    })
    expect(await kanban.ask('a', lock('one'))).toMatchObject({ success: true })
    expect(await newer.ask('a', lock('two', 'todo'))).toMatchObject({ success: true })
    expect(await newer.ask('a', lock('two', 'kanban'))).toMatchObject({
      success: false,
      data: { holder: 'one' },
    })
  })

  test('a photonName that is no name is an error with the id', async () => {
    await using newer = openConversation(globalSocket())
    for (const photonName of ['x'.repeat(129), 'a\nb'])
      expect(await newer.ask('a', { type: 'publish', id: 'p', channel: 'c', photonName })).toMatchObject({
        type: 'error',
        id: 'p',
        code: 'bad_request',
      })
  })
})

describe('taken', () => {
  beforeEach(makeHome)
  afterEach(removeHome)

  test('at the end all of them are gone, and the owner file', async () => {
    const daemon = await start([
      '--photon',
      'kanban',
      '--photon-global',
      '--socket',
      join(userHome, 'x.sock'),
    ])
    await daemon.stop()
    for (const path of [photonSocket('kanban'), globalSocket(), join(userHome, 'x.sock')])
      expect(existsSync(path)).toBe(false)
    expect(existsSync(join(userHome, '.photon/.data/daemon.owner.json'))).toBe(false)
  })

  test('a restart keeps the flags', async () => {
    await using daemon = await start([
      '--photon',
      'kanban',
      '--photon-global',
      '--socket',
      join(userHome, 'x.sock'),
    ])
    expect((await daemon.run(['restart'])).code).toBe(0)
    try {
      for (const path of [photonSocket('kanban'), globalSocket(), join(userHome, 'x.sock')]) {
        await using conversation = openConversation(path)
        await conversation.play('a .')
      }
    } finally {
      await daemon.run(['stop'])
    }
  })

  test('a place whose owner lives is not taken, and the error says who that is', async () => {
    await using first = await start(['--photon', 'kanban'])
    const said = await refusalOf(['--photon', 'kanban'])
    expect(said).toContain(`${photonSocket('kanban')} is held by pid ${first.pid}`)
    expect(said).toContain('start without --photon kanban')
    await using conversation = openConversation(photonSocket('kanban'))
    await conversation.play('a .')
  })

  test('the global place is not taken while the one lives that claimed it, though its socket is gone', async () => {
    const folder = dirname(globalSocket())
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const claim = (pid: number, claimedAt: number) =>
      writeFileSync(
        join(folder, 'daemon.owner.json'),
        JSON.stringify({ pid, socketPath: globalSocket(), claimedAt }),
      )
    claim(process.pid, Date.now())
    expect(await refusalOf(['--photon-global'])).toContain(`is claimed by pid ${process.pid}`)
    // a process that began after the claim only has the same pid
    claim(process.pid, 1_000_000_000_000)
    await using daemon = await start(['--photon-global'])
    expect(JSON.parse(readFileSync(join(folder, 'daemon.owner.json'), 'utf8'))).toMatchObject({
      pid: daemon.pid,
    })
  })

  test('what a killed daemon left is replaced', async () => {
    const first = await start(['--photon', 'kanban', '--photon-global'])
    await first.kill('SIGKILL')
    expect(existsSync(photonSocket('kanban'))).toBe(true)
    await using _second = await start(['--photon', 'kanban', '--photon-global'])
    for (const path of [photonSocket('kanban'), globalSocket()]) {
      await using conversation = openConversation(path)
      await conversation.play('a .')
    }
    await first.stop()
  })

  test('a place that somebody else took while we ran is theirs at our end', async () => {
    const daemon = await start(['--photon', 'kanban'])
    const path = photonSocket('kanban')
    unlinkSync(path)
    const theirs = Bun.listen({ unix: path, socket: { data() {} } })
    await daemon.stop()
    expect(existsSync(path)).toBe(true)
    theirs.stop(true)
  })

  test('nothing is written through a link, and no stranger is replaced', async () => {
    const folder = join(userHome, '.photon/daemons')
    const elsewhere = mkdtempSync(join(tmpdir(), 'el-'))
    try {
      mkdirSync(dirname(folder), { mode: 0o700 })
      symlinkSync(elsewhere, folder)
      expect(await refusalOf(['--photon', 'kanban'])).toContain(`${folder} is a symbolic link of user`)
      unlinkSync(folder)

      mkdirSync(folder, { mode: 0o700 })
      symlinkSync(join(elsewhere, 'x.sock'), photonSocket('kanban'))
      expect(await refusalOf(['--photon', 'kanban'])).toContain('is no socket (owner')
      unlinkSync(photonSocket('kanban'))
      writeFileSync(photonSocket('kanban'), 'notes')
      expect(await refusalOf(['--photon', 'kanban'])).toContain('is no socket (owner')
      expect(readFileSync(photonSocket('kanban'), 'utf8')).toBe('notes')
      unlinkSync(photonSocket('kanban'))

      chmodSync(folder, 0o777)
      expect(await refusalOf(['--photon', 'kanban'])).toContain('can be changed by others')

      mkdirSync(dirname(globalSocket()), { mode: 0o700 })
      symlinkSync(join(elsewhere, 'owner'), join(dirname(globalSocket()), 'daemon.owner.json'))
      expect(await refusalOf(['--photon-global'])).toContain('is a symbolic link of user')
      expect(existsSync(join(elsewhere, 'owner'))).toBe(false)
    } finally {
      rmSync(elsewhere, { recursive: true, force: true })
    }
  })

  test('what cannot be a socket is refused before anything starts', async () => {
    for (const [args, said] of [
      [['--photon', '../evil'], 'is no name of a photon'],
      [['--photon', '.hidden'], 'is no name of a photon'],
      [['--photon', 'a', '--photon', 'a'], 'which is named already'],
      [['--socket', join(userHome, 'x'.repeat(110))], 'is too long'],
    ] as const)
      expect(await refusalOf([...args])).toContain(said)
    const config = { sockets: ['relative.sock'] }
    expect(await refusalOf([], { config })).toContain('is not an absolute path')
  })

  test('$PHOTON_HOME says where newer clients look', async () => {
    const env = { PHOTON_HOME: join(userHome, 'photons') }
    await using _daemon = await start(['--photon-global'], { env })
    await using conversation = openConversation(join(userHome, 'photons/.data/daemon.sock'))
    await conversation.play('a .')
  })
})
