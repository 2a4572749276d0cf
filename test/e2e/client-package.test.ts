// The package as a stranger has it: packed, installed into an empty project without a network, run by Node and by Bun.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { connect } from '../../src/client/index.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'
import { createInbox } from '../support/inbox.ts'
import { blocksOf, sectionOf } from '../support/readme.ts'

const root = resolve(import.meta.dir, '../..')
const npm = Bun.which('npm')
const node = Bun.which('node')

let project: string
beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'paid-'))
  const packed = join(project, 'packed')
  mkdirSync(packed)
  await run(
    npm
      ? [npm, 'pack', '--pack-destination', packed]
      : [process.execPath, 'pm', 'pack', '--destination', packed],
    root,
  )
  const tarball = join(packed, readdirSync(packed)[0] ?? '')
  writeFileSync(join(project, 'package.json'), '{"type":"module"}')
  const install = npm
    ? [npm, 'install', '--offline', '--no-audit', '--no-fund', tarball]
    : [process.execPath, 'add', tarball]
  await run(install, project)
  for (const program of ['client-program.mjs', 'photon-program.mjs'])
    copyFileSync(join(root, 'test/fixtures', program), join(project, program))
}, 60_000)
afterAll(() => rmSync(project, { recursive: true, force: true }))

const environment = { PATH: process.env['PATH'] ?? '', HOME: tmpdir() }

const run = async (command: string[], cwd: string): Promise<string> => {
  const child = Bun.spawn(command, {
    cwd,
    env: { ...environment, HOME: cwd === root ? tmpdir() : cwd },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${out}${err}`)
  return out
}

/** Runs the program; `heard` waits for the next thing it says that begins with this word. */
const start = (runtime: string | string[], options: object, program = 'client-program.mjs', env = {}) => {
  const child = Bun.spawn([...[runtime].flat(), program, JSON.stringify(options)], {
    cwd: project,
    env: { ...environment, ...env },
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const said = createInbox<unknown[]>()
  const events: unknown[] = []
  const errors = child.stderr.text()
  const reading = (async () => {
    let rest = ''
    const decoder = new TextDecoder()
    for await (const chunk of child.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const words: unknown[] = JSON.parse(line)
        if (words[0] === 'event') events.push(words[1])
        said.push(words)
      }
    }
    said.end(`The program ended. It said: ${await errors}`)
  })()
  return {
    events,
    said: said.all,
    heard: async (...start: unknown[]): Promise<unknown[]> => {
      for (;;) {
        const words = await said.next()
        if (start.every((word, at) => words[at] === word)) return words
      }
    },
    order: async (order: string) => {
      void child.stdin.write(`${order}\n`)
      await child.stdin.flush()
    },
    ended: Promise.all([child.exited, reading]).then(([code]) => code),
    kill: () => child.kill('SIGKILL'),
  }
}

const publish = async (daemon: TestDaemon, from: number, to: number) => {
  await using paid = await connect({ socket: daemon.socket })
  for (let n = from; n < to; n++)
    await paid.call('event.publish', { channel: 'numbers', type: 'n', data: { n } })
}

const runtimes: [string, string | string[] | null][] = [
  ['Node', node],
  ['Bun', process.execPath],
]
/** as near to a browser as it gets without one: the browser's build, over a WebSocket that is the standard's */
const browserLike = node && [node, '--experimental-websocket', '--conditions=browser']
const ways: [string, (daemon: TestDaemon) => object][] = [
  ['home', ({ home }) => ({ home })],
  ['socket', ({ socket }) => ({ socket })],
  ['url', ({ url, token }) => ({ url, token })],
]

describe('the package', () => {
  test('holds the client alone: no binary, no source, nothing to install with it', () => {
    const inside = join(project, 'node_modules/paid')
    const files = [...new Bun.Glob('**/*').scanSync(inside)].filter(
      (file) => !file.startsWith('dist/client/'),
    )
    expect(files.sort()).toEqual(['LICENSE', 'README.md', 'package.json'])
    expect(readdirSync(join(project, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'paid',
    ])
    const bytes = [...new Bun.Glob('dist/**/*').scanSync(inside)].map(
      (file) => Bun.file(join(inside, file)).size,
    )
    expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThan(250_000)
  })

  test('needs nothing of Node or Bun in a browser', () => {
    const inside = join(project, 'node_modules/paid/dist/client')
    const text = readFileSync(join(inside, 'browser.js'), 'utf8')
    expect(text).not.toMatch(/from "|import\(/)
    expect(existsSync(join(inside, 'browser.d.ts'))).toBe(true)
  })

  test('has types that a strict program, and what the README shows, compile against, with nothing else installed', async () => {
    const shown = blocksOf(await sectionOf('The TypeScript client')).filter(({ words }) => words === 'ts')
    const files = [typedProgram, ...shown.map(({ body }) => body)].map((text, at) => {
      writeFileSync(join(project, `program-${at}.ts`), text)
      return `program-${at}.ts`
    })
    expect(files).toHaveLength(5)
    const strict = { strict: true, exactOptionalPropertyTypes: true, noEmit: true, types: [] }
    for (const [at, settings] of [
      { module: 'nodenext', moduleResolution: 'nodenext', target: 'es2022', lib: ['es2022', 'dom'] },
      { module: 'preserve', moduleResolution: 'bundler', target: 'esnext', customConditions: ['browser'] },
    ].entries()) {
      const config = { compilerOptions: { ...strict, ...settings }, files }
      writeFileSync(join(project, `tsconfig.${at}.json`), JSON.stringify(config))
      await run([process.execPath, 'check', '-p', `tsconfig.${at}.json`], project)
    }
  })
})

for (const [name, runtime] of [...runtimes, ["A browser's build", browserLike] as const])
  describe.skipIf(runtime === null)(name, () => {
    test.each(runtime === browserLike ? ways.slice(-1) : ways)(
      'by %s: follows through a kill and a restart without gap or double, and keeps a lock through it',
      async (_way, optionsFor) => {
        const home = temporaryHome()
        let program: ReturnType<typeof start> | undefined
        try {
          const first = await startDaemon({ home })
          program = start(runtime ?? '', optionsFor(first))
          await program.heard('connected', first.pid)
          await publish(first, 0, 50)
          await program.heard('event', 49)
          await program.order('wrong')
          expect(await program.heard('wrong')).toEqual(['wrong', true, 'bad_request', true])
          await program.order('lock')
          const [, token] = await program.heard('locked')

          await first.kill('SIGKILL')
          await program.heard('lost')
          await using second = await startDaemon({ home, args: ['--listen', new URL(first.url).host] })
          await publish(second, 50, 100)
          await program.heard('event', 99)
          await program.order('status')
          await program.heard('status', second.pid)

          await using paid = await connect({ home })
          expect((await paid.call('lock.get', { name: 'build' })).lock?.token).toBe(Number(token))
          await program.order('release')
          expect(await program.heard('released')).toEqual(['released', true])
          expect((await paid.call('lock.get', { name: 'build' })).lock).toBeNull()
          await program.order('end')
          await program.heard('bye')
          expect(await program.ended).toBe(0)
          expect(program.said).not.toContainEqual(['lost', 'lock_lost'])
          expect(program.events).toEqual(Array.from({ length: 100 }, (_, n) => n))
        } finally {
          program?.kill()
          rmSync(home, { recursive: true, force: true })
        }
      },
      60_000,
    )

    if (runtime === browserLike) return
    test('without a daemon: says that none runs, and what to type', async () => {
      const program = start(runtime ?? '', { home: project })
      const end = await program.heard('connected').catch(String)
      expect(end).toMatch(/not running[^]*paid start/)
      expect(await program.ended).toBe(1)
    })
  })

describe.skipIf(node === null)('two programs of a photon, one in Node and one in Bun,', () => {
  test('hear each other and take turns', async () => {
    await using daemon = await startDaemon({ args: ['--photon', 'kanban'] })
    const env = { HOME: daemon.home }
    const programs = runtimes.map(([name, runtime]) =>
      start(runtime ?? '', { name }, 'photon-program.mjs', env),
    )
    try {
      const [first, second] = programs
      if (!first || !second) throw new Error('There are two')
      for (const each of programs) expect(await each.heard('subscribed')).toEqual(['subscribed', true])
      await first.order('publish')
      for (const each of programs)
        expect(await each.heard('message')).toEqual([
          'message',
          { event: 'task-moved', by: '{"name":"Node"}' },
        ])

      await first.order('lock')
      await first.heard('lock', true)
      await second.order('lock')
      await second.heard('lock', false)
      await second.order('locks')
      await second.heard('locks', 1)
      await second.order('release')
      await second.heard('released', false)
      await first.order('release')
      await first.heard('released', true)
      await second.order('lock')
      await second.heard('lock', true)
      for (const each of programs) await each.order('end')
      expect(await Promise.all(programs.map((each) => each.ended))).toEqual([0, 0])
    } finally {
      for (const each of programs) each.kill()
    }
  }, 60_000)
})

const typedProgram = `
import { connect, PaidError, type Client, type ErrorCode, type Event, type HeldLock } from 'paid/client'
import { acquireLock, listLocks, subscribeChannel, type LockInfo } from 'paid/client/photon'

export const work = async (): Promise<string[]> => {
  const paid: Client = await connect({ url: 'http://127.0.0.1:8787', token: 'x', timeoutMs: 1000 })
  const { ids, duplicate } = await paid.call('event.publish', { type: 'a', data: { b: 1 } })
  const known: boolean | undefined = duplicate
  for await (const event of paid.subscribe({ channel: ['a', 'b*'], since: 'evt_1' })) {
    const one: Event = event
    if (one.seq === 3 && known) break
  }
  const lock: HeldLock = await paid.lock('build', { wait: '10s', ttl: 1000, signal: new AbortController().signal })
  const token: number = lock.token
  // @ts-expect-error there is no such method
  await paid.call('event.nothing', {})
  // @ts-expect-error a limit is a number
  await paid.call('event.list', { limit: 'all' })
  // @ts-expect-error an answer has no such field
  ids.nothing
  const acquired = await paid.call('lock.acquire', { name: 'x' })
  if (!acquired.acquired) return [acquired.reason, String(token)]
  const stop: () => void = await subscribeChannel('kanban', 'board:1', (message: unknown) => void message)
  stop()
  const taken: boolean = await acquireLock('kanban', 'board', 1000)
  const locks: LockInfo[] = await listLocks('kanban')
  const code: ErrorCode = new PaidError('lock_held').code
  return [...ids, code, String(taken), ...locks.map(({ name }) => name)]
}
`
