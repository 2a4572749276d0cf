// Locks as people use them: shells that take turns with `paid lock`, and locks that live through kill -9.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openConnection } from '../../src/client/connection.ts'
import { paidBinary, startDaemon, type TestDaemon } from '../support/daemon.ts'

let daemon: TestDaemon
let folder: string
beforeAll(async () => {
  daemon = await startDaemon()
  folder = mkdtempSync(join(tmpdir(), 'paid-locks-'))
})
afterAll(async () => {
  await daemon.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** `sh -c script`, with `paid` on its path. */
const shell = (script: string, env: Record<string, string> = {}) => {
  const child = Bun.spawn(['sh', '-c', `paid() { "${paidBinary}" "$@"; }\n${script}`], {
    env: { ...daemon.env, ...env },
    cwd: folder,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const ended = Promise.all([child.stdout.text(), child.stderr.text(), child.exited]).then(
    ([stdout, stderr, code]) => ({ stdout, stderr, code }),
  )
  return { child, ended }
}

/** `paid lock NAME -- sh -c script`, its first line of output being awaited. */
const running = async (name: string, script: string, flags: string[] = []) => {
  const child = Bun.spawn([paidBinary, 'lock', name, ...flags, '--', 'sh', '-c', script], {
    env: daemon.env,
    cwd: folder,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const reader = child.stdout.getReader()
  const { value } = await reader.read()
  reader.releaseLock()
  const said = child.stderr.text()
  return { child, first: new TextDecoder().decode(value).trim(), said }
}

/** says that it runs, then goes on until it is told not to */
const waits = 'echo ready; while :; do sleep 0.05; done'

test('two shells that build under one lock take turns', async () => {
  const turn = 'echo in >> turns; sleep 0.2; echo out >> turns'
  const both = [1, 2].map(() => shell(`paid lock build --wait 20s -- sh -c '${turn}'`).ended)
  expect((await Promise.all(both)).map(({ code }) => code)).toEqual([0, 0])
  expect(readFileSync(join(folder, 'turns'), 'utf8')).toBe('in\nout\nin\nout\n')
})

test('taken by one command, given back by another of the same shell; another shell can neither', async () => {
  const one = await shell('paid lock manual --ttl 1m --note release; paid locks --json; paid locks').ended
  expect(one.stderr).toContain('give it back')
  const [token, json, line] = one.stdout.trim().split('\n')
  expect(JSON.parse(json ?? '')).toMatchObject([{ name: 'manual', token: Number(token), note: 'release' }])
  expect(line).toMatch(/^manual +shell \d+ \(\d+\) {2}for \d+s, lease ends in .*release$/)

  const other = await shell('paid lock manual; echo "exit $?"; paid unlock manual').ended
  expect(other).toMatchObject({ stdout: 'exit 1\n', code: 1 })
  expect(other.stderr).toMatch(/The lock manual is held by shell \d+ \(\d+\) since 2\d{3}-.*Z \(release\)/)
  expect(other.stderr).toMatch(/manual is not yours: shell \d+ .* holds it since .*\n.*--force --why/)

  expect((await shell(`paid unlock manual --token ${token}`).ended).code).toBe(0)
  const again = await shell('paid lock manual && paid unlock manual; paid unlock manual').ended
  expect(again).toMatchObject({ code: 1 })
  expect(again.stderr).toContain('Nobody holds manual')
})

test('a lock is taken away by force, and the reason is kept', async () => {
  await shell('paid lock stuck').ended
  expect((await shell('paid unlock stuck --force').ended).code).toBe(2)
  expect((await shell('paid unlock stuck --force --why "its shell is gone"').ended).code).toBe(0)
  const { stdout } = await daemon.run(['events', '--channel', 'lock:stuck', '--json'])
  expect(JSON.parse(stdout)[1]).toMatchObject({ type: 'lock.broken', data: { why: 'its shell is gone' } })
})

describe('a command under a lock', () => {
  test('has the token, the exit code passes through, and the lock is free afterwards', async () => {
    const { stdout, code } = await shell(
      "paid lock job -- sh -c 'echo $PAID_LOCK_TOKEN; paid() { :; }; exit 7'; echo $?; paid locks --json",
    ).ended
    const [token, exit, locks] = stdout.trim().split('\n')
    expect(Number(token)).toBeGreaterThan(0)
    expect([exit, locks, code]).toEqual(['7', '[]', 0])
  })

  test('has the environment and the umask of its user, without what is ours', async () => {
    const { stdout } = await shell("umask 027; paid lock job -- sh -c 'umask; env'", {
      PAID_TOKEN: 'secret-secret-secret',
      BUN_OPTIONS: '',
      KEPT: 'yes',
    }).ended
    expect(stdout).toMatch(/^0?027\n/)
    expect(stdout).toContain('KEPT=yes')
    expect(stdout).not.toMatch(/PAID_TOKEN|BUN_/)
  })

  test('that cannot be run ends as in a shell', async () => {
    writeFileSync(join(folder, 'plain'), '')
    const { stdout } = await shell('paid lock job -- ./nothing; echo $?; paid lock job -- ./plain; echo $?')
      .ended
    expect(stdout).toBe('127\n126\n')
    expect(JSON.parse((await daemon.run(['locks', '--json'])).stdout)).toEqual([])
  })

  test('gets the signals, and who waits in line can be stopped too', async () => {
    const first = await running('job', `trap "exit 9" TERM; ${waits}`)
    const waiting = shell('exec "$PAID" lock job --wait 1m -- true', { PAID: paidBinary })
    const connection = await openConnection(daemon.socket)
    while ((await connection.call('lock.get', { name: 'job' })).line === 0) await Bun.sleep(10)
    waiting.child.kill('SIGTERM')
    expect((await waiting.ended).code).toBe(143)
    // the daemon sees the end of its connection a moment after the end of the process
    while ((await connection.call('lock.get', { name: 'job' })).line !== 0) await Bun.sleep(10)
    first.child.kill('SIGTERM')
    expect(await first.child.exited).toBe(9)
    expect((await connection.call('lock.get', { name: 'job' })).lock).toBeNull()
    connection.close()
  })

  test('keeps its lease while it runs, and is ended when the lease is lost', async () => {
    const { child, said } = await running('job', waits, ['--ttl', '3s'])
    const connection = await openConnection(daemon.socket)
    const { subscription } = await connection.call('event.subscribe', { channel: 'lock:job' })
    for (let renewals = 0; renewals < 4;) {
      const delivery = await connection.next(subscription)
      if ('event' in delivery && delivery.event.type === 'lock.renewed') renewals++
    }
    connection.close()
    expect((await shell('paid lock job').ended).code).toBe(1)
    await shell('paid unlock job --force --why "to see"').ended
    expect(await child.exited).toBe(1)
    expect(await said).toContain('The lock job was lost')
  })

  test('that does not hear SIGTERM is killed', async () => {
    const { child } = await running('job', `trap "" TERM; ${waits}`)
    await shell('paid unlock job --force --why "to see"').ended
    expect(await child.exited).toBe(1)
  }, 30_000)

  test('goes behind --', async () => {
    expect(await daemon.run(['lock', 'job', 'make'])).toMatchObject({ code: 2 })
    expect(await daemon.run(['lock', '--', 'make'])).toMatchObject({ code: 2 })
    expect(await daemon.run(['lock', 'job', '--wait', '10', '--', 'true'])).toMatchObject({ code: 2 })
  })
})

test('held locks live through kill -9, those of a connection end with it, and the line goes on', async () => {
  await using before = await startDaemon()
  const connection = await openConnection(before.socket)
  const held = await connection.call('lock.acquire', { name: 'kept', holder: 'ann', ttl: 60_000 })
  await connection.call('lock.acquire', { name: 'bound', holder: 'ann', lease: 'connection' })
  await before.kill()
  connection.close()
  await using after = await startDaemon({ home: before.home })
  const next = await openConnection(after.socket)
  expect(await next.call('lock.list', {})).toMatchObject({ locks: [{ name: 'kept', holder: 'ann' }] })
  const waiting = next.call('lock.acquire', { name: 'kept', holder: 'bob', wait: 20_000 })
  expect(await next.call('lock.release', { name: 'kept', holder: 'ann' })).toEqual({ released: true })
  const given = await waiting
  expect(given.acquired && held.acquired && given.token > held.token).toBe(true)
  const { events } = await next.call('event.list', { channel: 'lock:bound' })
  expect(events.map(({ type, data }) => [type, data])).toMatchObject([
    ['lock.acquired', {}],
    ['lock.released', { reason: 'daemon_restarted' }],
  ])
  next.close()
}, 30_000)

test('a request over HTTP that waits in line and is given up waits no more', async () => {
  const connection = await openConnection(daemon.socket)
  await connection.call('lock.acquire', { name: 'http', holder: 'ann' })
  const giveUp = new AbortController()
  const waiting = fetch(`${daemon.url}/call/lock.acquire`, {
    method: 'POST',
    headers: { authorization: `Bearer ${daemon.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'http', wait: 60_000 }),
    signal: giveUp.signal,
  }).catch(() => undefined)
  const line = async () => (await connection.call('lock.get', { name: 'http' })).line
  while ((await line()) === 0) await Bun.sleep(10)
  giveUp.abort()
  await waiting
  while ((await line()) > 0) await Bun.sleep(10)
  connection.close()
}, 30_000)
