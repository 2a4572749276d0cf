// Guards 10 and 14: a program of another user at our socket, and processes that are not ours to signal.

import { expect, test } from 'bun:test'
import { chmodSync, writeFileSync } from 'node:fs'
import { acquireFileLock } from '../../src/lib/file-lock.ts'
import { processStart } from '../../src/lib/process-start.ts'
import { startDaemon } from '../support/daemon.ts'
import { openHome } from '../support/home.ts'

const stranger = 65534
/** only root can become another user */
const asRoot = test.skipIf(process.getuid?.() !== 0)

/** Says a line to a socket as another user; gives what came back, and how it ended. */
const sayAs = async (uid: number, unix: string, line: string): Promise<string> => {
  const program = `
    process.setgroups([]); process.setgid(${uid}); process.setuid(${uid})
    let heard = ''
    const over = (how) => { console.log(process.getuid() + ' ' + how + ' ' + heard); process.exit() }
    try {
      const socket = await Bun.connect({ unix: ${JSON.stringify(unix)}, socket: {
        data: (socket, bytes) => { heard += bytes; if (heard.includes('\\n')) over('answered') },
        close: () => over('closed'), error: () => over('closed'),
      } })
      socket.write(${JSON.stringify(`${line}\n`)})
    } catch (error) { over(error.code) }`
  const child = Bun.spawn([process.execPath, '-e', program], { cwd: '/', stdout: 'pipe', stderr: 'inherit' })
  return (await child.stdout.text()).trim()
}

asRoot(
  'guard 10: a peer of another user is closed at once and does nothing (needs root to become one)',
  async () => {
    await using daemon = await startDaemon()
    const stop = '{"id":1,"method":"system.stop","params":{}}'
    const publish = '{"id":1,"method":"event.publish","params":{"type":"forged","data":{}}}'
    // the modes alone keep it out
    expect(await sayAs(stranger, daemon.socket, stop)).toMatch(/^65534 E?(ACCES|CONNREFUSED|NOENT|PERM)/)
    // and when they are opened, the kernel's word does
    chmodSync(daemon.home, 0o711)
    chmodSync(daemon.socket, 0o666)
    const before = (await daemon.run(['call', 'event.list', '{"all":true}'])).stdout
    for (const line of [stop, publish, '{', ''])
      expect(await sayAs(stranger, daemon.socket, line)).toMatch(/^65534 (closed|ECONNRESET)$/)
    expect((await daemon.run(['call', 'event.list', '{"all":true}'])).stdout).toBe(before)
    const { refused } = JSON.parse((await daemon.run(['status', '--json'])).stdout)
    expect(refused).toEqual({ uid: 4 })
    expect(await sayAs(0, daemon.socket, '{"id":1,"method":"system.status"}')).toMatch(
      /^0 answered \{"id":1,"result"/,
    )
  },
  30_000,
)

test('guard 10: a name that a caller only claims is marked as claimed', async () => {
  await using daemon = await startDaemon({ args: ['--listen', '127.0.0.1:0,auth=none'] })
  const claimed = [
    'owner',
    'token',
    'anyone',
    'unix:0',
    'hook:claude',
    'daemon:paid',
    'owner?',
    'a b',
    '"',
    '',
  ]
  for (const name of claimed) {
    const headers = { 'content-type': 'application/json', 'x-paid-name': name, 'idempotency-key': 'same' }
    const answer = await fetch(`${daemon.url}/events`, {
      method: 'POST',
      headers,
      body: `{"type":"by.${name}"}`,
    })
    expect([200, 400, 422]).toContain(answer.status)
  }
  const { stdout } = await daemon.run(['call', 'event.list', '{"limit":100}'])
  const { events }: { events: { by: string }[] } = JSON.parse(stdout)
  const names = new Set(events.map(({ by }) => by))
  expect([...names].filter((by) => by !== 'http:anyone' && !/^http:[\w.@-]+\?$/.test(by))).toEqual([])
  expect(names).toContain('http:owner?')
})

/** `paid stop` in homes whose lock is held by us, while `daemon.json` names a process; all at once, for each takes a while. */
const stopsWith = (all: object[]) =>
  Promise.all(
    all.map(async (written) => {
      await using home = openHome()
      using lock = acquireFileLock(home.paths.lock)
      expect(lock).toBeDefined()
      writeFileSync(home.paths.daemon, JSON.stringify(written))
      return await home.paid(['stop'])
    }),
  )

const cannotTell = { code: 1, stderr: expect.stringContaining('cannot be told for certain') }

test('guard 14: a process that only has the pid and start time of daemon.json is not signalled', async () => {
  await using innocent = Bun.spawn(['sleep', '60'])
  const startTime = processStart(innocent.pid)
  expect(startTime).toBeDefined()
  const { pid } = innocent
  const stopped = await stopsWith([
    { pid, startTime },
    { pid, startTime: '1' },
    { pid },
    { pid, startTime: null },
  ])
  for (const each of stopped) expect(each).toMatchObject(cannotTell)
  expect(innocent.signalCode).toBeNull()
  expect(processStart(pid)).toBe(startTime)
}, 60_000)

test('guard 14: pid 1, groups of processes and numbers that are none are not signalled', async () => {
  // what a wrong signal would reach: a child of ours, in our own group
  await using bystander = Bun.spawn(['sleep', '60'])
  const { pid } = bystander
  const stopped = await stopsWith([
    { pid: 1, startTime: processStart(1) },
    ...[1, 0, -1, -pid, pid + 0.5, pid + 2 ** 32].map((wrong) => ({
      pid: wrong,
      startTime: processStart(pid),
    })),
  ])
  for (const each of stopped) expect(each).toMatchObject(cannotTell)
  expect(bystander.signalCode).toBeNull()
}, 60_000)

test('guard 14: what a killed daemon left names nobody, whoever has its pid now', async () => {
  await using home = openHome()
  await using innocent = Bun.spawn(['sleep', '60'])
  for (const written of [{ pid: innocent.pid, startTime: processStart(innocent.pid) }, { pid: 1 }, {}, []]) {
    writeFileSync(home.paths.daemon, JSON.stringify(written))
    expect(await home.paid(['stop'])).toEqual({ code: 0, stdout: 'not running\n', stderr: '' })
    expect((await home.paid(['status'])).code).toBe(3)
  }
  expect((await home.paid(['start'])).code).toBe(0)
  expect(innocent.signalCode).toBeNull()
})

asRoot(
  'guard 14: a process of another user and the daemon of another home are not signalled (needs root)',
  async () => {
    await using other = await startDaemon()
    const program = `process.setgid(${stranger}); process.setuid(${stranger}); console.log('up'); setInterval(() => {}, 1e6)`
    await using victim = Bun.spawn([process.execPath, '-e', program], { cwd: '/', stdout: 'pipe' })
    await victim.stdout.getReader().read()
    const stopped = await stopsWith([victim, other].map(({ pid }) => ({ pid, startTime: processStart(pid) })))
    for (const each of stopped) expect(each).toMatchObject(cannotTell)
    expect(victim.signalCode).toBeNull()
    expect((await other.run(['status'])).code).toBe(0)
  },
  60_000,
)
