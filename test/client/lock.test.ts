// Locks of the client, against the daemon: kept as long as they are held, lost loudly.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect, PaidError, type Client } from '../../src/client/index.ts'
import { startDaemon, temporaryHome, type TestDaemon, withDaemon } from '../support/daemon.ts'
import { rmSync } from 'node:fs'

let daemon: TestDaemon
let paid: Client
let other: Client
beforeAll(async () => {
  daemon = await startDaemon()
  paid = await connect({ socket: daemon.socket })
  other = await connect({ home: daemon.home })
})
afterAll(async () => {
  paid?.close()
  other?.close()
  await daemon?.stop()
})

let names = 0
const newName = () => `lock-${++names}`

const refusal = async (promise: Promise<unknown>): Promise<PaidError> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof PaidError) return error
  throw new Error(`not refused as it should be: ${String(error)}`)
}

const lost = (signal: AbortSignal): Promise<PaidError> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(signal.reason))
    if (signal.aborted) resolve(signal.reason)
  })

/** What the lock's channel says from `since` on, up to an event of this type. */
const heardUntil = async (name: string, type: string, since: number): Promise<string[]> => {
  const types: string[] = []
  for await (const event of other.subscribe({ channel: `lock:${name}`, since })) {
    types.push(event.type)
    if (event.type === type) break
  }
  return types
}

describe('a lock', () => {
  test('is held until the end of its block, by a holder that says who it is', async () => {
    const name = newName()
    {
      await using lock = await paid.lock(name, { note: 'building' })
      const { lock: held } = await other.call('lock.get', { name })
      expect(held).toMatchObject({ name, token: lock.token, holder: lock.holder, note: 'building' })
      expect(lock.holder).toContain(`pid ${process.pid}`)
      expect(lock.signal.aborted).toBe(false)
    }
    expect((await other.call('lock.get', { name })).lock).toBeNull()
  })

  test('excludes other programs, and other tasks of the same one', async () => {
    const name = newName()
    await using lock = await paid.lock(name, { note: 'mine' })
    for (const client of [paid, other]) {
      const error = await refusal(client.lock(name))
      expect(error.code).toBe('lock_held')
      expect(error.message).toContain(lock.holder)
      expect(error.message).toContain('mine')
    }
    expect((await refusal(other.lock(name, { wait: 50 }))).code).toBe('lock_held')
  })

  test('is had by the next in line when it is released, with a larger token', async () => {
    const name = newName()
    const first = await paid.lock(name)
    const second = other.lock(name, { wait: '20s' })
    while ((await paid.call('lock.get', { name })).line === 0) await Bun.sleep(1)
    expect(await first.release()).toBe(true)
    await using lock = await second
    expect(lock.token).toBeGreaterThan(first.token)
    expect(await first.release()).toBe(true)
    expect((await paid.call('lock.get', { name })).lock?.token).toBe(lock.token)
  })

  test('is kept far longer than its lease', async () => {
    const name = newName()
    await using lock = await paid.lock(name, { ttl: 3000 })
    const renewals = new Set<number>()
    while (renewals.size < 6) {
      const { lock: held } = await other.call('lock.get', { name })
      expect(held?.token).toBe(lock.token)
      renewals.add(held?.expiresAt ?? 0)
      await Bun.sleep(5)
    }
    expect(lock.signal.aborted).toBe(false)
  })

  test('given up while waiting is nobody’s afterwards, and the reason is the signal’s own', async () => {
    const name = newName()
    const first = await paid.lock(name)
    const giveUp = new AbortController()
    const second = other.lock(name, { wait: '20s', signal: giveUp.signal }).catch((error: unknown) => error)
    while ((await paid.call('lock.get', { name })).line === 0) await Bun.sleep(1)
    const reason = new Error('enough')
    giveUp.abort(reason)
    expect(await second).toBe(reason)
    while ((await paid.call('lock.get', { name })).line > 0) await Bun.sleep(1)
    await first.release()
    expect((await paid.call('lock.get', { name })).lock).toBeNull()
  })

  test('that is broken by others is told at once, not at the next renewal', async () => {
    const name = newName()
    const lock = await paid.lock(name, { ttl: '1h' })
    await other.call('lock.break', { name, why: 'a test' })
    const reason = await lost(lock.signal)
    expect(reason).toMatchObject({ code: 'lock_lost' })
    expect(reason.message).toContain('broken')
    expect(await lock.release()).toBe(false)
  })

  test('taken by others after a break is not given back by its old holder', async () => {
    const name = newName()
    await using _old = await paid.lock(name, { ttl: '1h' })
    await other.call('lock.break', { name, why: 'a test' })
    await using lock = await other.lock(name, { wait: '5s' })
    await lost(_old.signal)
    await _old.release()
    expect((await paid.call('lock.get', { name })).lock?.token).toBe(lock.token)
  })

  test('is given back when its client is closed', async () => {
    const name = newName()
    const client = await connect({ socket: daemon.socket })
    const lock = await client.lock(name, { ttl: '1h' })
    client.close()
    expect(await heardUntil(name, 'lock.released', lock.token)).toEqual(['lock.released'])
  })

  test('lets thirty tasks of three programs in one after the other', async () => {
    const name = newName()
    const third = await connect({ url: daemon.url, token: daemon.token })
    const tokens: number[] = []
    let inside = 0
    const task = async (client: Client) => {
      await using lock = await client.lock(name, { wait: '1m' })
      expect(++inside).toBe(1)
      tokens.push(lock.token)
      await client.call('lock.get', { name })
      inside--
    }
    await Promise.all(Array.from({ length: 10 }, () => [paid, other, third].map(task)).flat())
    expect(tokens).toHaveLength(30)
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b))
    third.close()
  })

  test('with a wait or a ttl that is no duration is refused', async () => {
    expect((await refusal(paid.lock('x', { wait: 'soon' }))).code).toBe('bad_request')
    expect((await refusal(paid.lock('x', { ttl: -1 }))).code).toBe('bad_request')
    expect((await refusal(paid.lock('', {}))).code).toBe('bad_request')
  })
})

describe('when the daemon is killed', () => {
  test('and started again, a lock is still held, under the same token', async () => {
    const home = temporaryHome()
    try {
      await using first = await startDaemon({ home })
      const client = await connect({ home })
      const lock = await client.lock('build', { ttl: '30s' })
      await first.kill('SIGKILL')
      await using _second = await startDaemon({ home })
      const held = (await client.call('lock.get', { name: 'build' })).lock
      expect(held?.token).toBe(lock.token)
      expect(lock.signal.aborted).toBe(false)
      expect(await lock.release()).toBe(true)
      expect((await client.call('lock.get', { name: 'build' })).lock).toBeNull()
      client.close()
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  })

  test('and stays away, the lock is lost with its lease', () =>
    withDaemon({}, async (killed) => {
      await using client = await connect({ socket: killed.socket })
      const lock = await client.lock('build', { ttl: 600 })
      await killed.kill('SIGKILL')
      expect(await lost(lock.signal)).toMatchObject({ code: 'lock_lost' })
    }))
})
