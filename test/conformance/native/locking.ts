// Locks: one holder at a time, whatever door each of them came through.

import { expect } from 'bun:test'
import { api, type Params, type Result } from '../../../src/protocol/api.ts'
import { type Caller, refusal, type Scenario, typesIn } from './stage.ts'

const acquire = async ({ call }: Caller, params: Params<'lock.acquire'>): Promise<Result<'lock.acquire'>> =>
  api['lock.acquire'].result().parse(await call('lock.acquire', params))

const release = async ({ call }: Caller, params: Params<'lock.release'>): Promise<Result<'lock.release'>> =>
  api['lock.release'].result().parse(await call('lock.release', params))

const get = async ({ call }: Caller, name: string): Promise<Result<'lock.get'>> =>
  api['lock.get'].result().parse(await call('lock.get', { name }))

export const locking = {
  'two callers that name no holder are two holders': async ({ house, caller, channel: name }) => {
    await using other = await house.connect()
    const own = await acquire(caller, { name })
    expect(own).toMatchObject({ acquired: true, name })
    expect(await acquire(other, { name })).toMatchObject({
      acquired: false,
      reason: 'held',
      holder: own.holder,
    })
    expect(await release(other, { name })).toEqual({ released: false, reason: 'not_holder' })
    expect(await release(other, { name, holder: own.holder })).toEqual({ released: true })
    expect(await get(caller, name)).toEqual({ lock: null, line: 0 })
  },

  'who waits in line has the lock when it is given back, under a larger token': async ({
    house,
    caller,
    channel: name,
  }) => {
    await using other = await house.connect()
    await using third = await house.connect()
    const own = await acquire(caller, { name, holder: 'ann' })
    const waiting = acquire(other, { name, holder: 'bob', wait: 60_000 })
    while ((await get(third, name)).line === 0) await Bun.sleep(5)
    expect(await release(caller, { name, holder: 'ann' })).toEqual({ released: true })
    const given = await waiting
    if (!own.acquired || !given.acquired) throw new Error('not acquired')
    expect(given.holder).toBe('bob')
    expect(given.token).toBeGreaterThan(own.token)
    expect(await release(third, { name, token: given.token })).toEqual({ released: true })
    expect(await typesIn(caller, { channel: `lock:${name}` })).toEqual([
      'lock.acquired',
      'lock.released',
      'lock.acquired',
      'lock.released',
    ])
  },

  'a wait ends at its deadline, and a lease at its end': async ({ caller, channel: name }) => {
    await acquire(caller, { name, holder: 'ann', ttl: 60_000 })
    expect(await acquire(caller, { name, holder: 'bob', wait: 20 })).toMatchObject({
      acquired: false,
      reason: 'waited',
      holder: 'ann',
    })
    await acquire(caller, { name, holder: 'ann', ttl: 300 })
    expect(await acquire(caller, { name, holder: 'bob', wait: 30_000 })).toMatchObject({ acquired: true })
  },

  'a bad lock is refused, and nothing is held': async ({ caller, channel: name }) => {
    for (const bad of [
      { ttl: 5000 },
      { name: '' },
      { name: 'x'.repeat(513) },
      { name, ttl: -1 },
      { name, ttl: '5000' },
      { name, ttl: 31 * 24 * 3600 * 1000 },
    ])
      expect((await refusal(caller.call('lock.acquire', bad))).code).toBe('bad_request')
    expect(await get(caller, name)).toEqual({ lock: null, line: 0 })
  },
} satisfies Record<string, Scenario>
