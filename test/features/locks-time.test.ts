// Leases and time: how long a lock is held, what ends it, and what a clock that jumps or a boot does to it.

import { expect, test } from 'bun:test'
import { createPeer, endPeer } from '../../src/core/peer.ts'
import { openEngine } from '../support/engine.ts'
import { caller, eventsOf, openRoom, refusal, settled } from '../support/locks-room.ts'

test('a lease of 30 seconds is what one gets who says nothing', async () => {
  using room = openRoom()
  expect(await room.call(caller('ann'), 'lock.acquire', { name: 'x' })).toMatchObject({
    expiresAt: room.clocks.wall + 30_000,
  })
})

test('taken again by its holder, only the end moves', async () => {
  using room = openRoom()
  const ann = caller('ann')
  const first = await room.call(ann, 'lock.acquire', { name: 'x', ttl: 1000 })
  await room.pass(600)
  const again = await room.call(ann, 'lock.acquire', { name: 'x', ttl: 1000 })
  expect(again).toEqual({ ...first, expiresAt: room.clocks.wall + 1000 })
  await room.pass(600)
  expect((await room.call(ann, 'lock.get', { name: 'x' })).lock).not.toBeNull()
  expect(eventsOf(room.engine, 'x')).toHaveLength(1)
})

test('who waits in vain is told who has it, at the deadline', async () => {
  using room = openRoom()
  const [ann, bob] = [caller('ann'), caller('bob')]
  await room.call(ann, 'lock.acquire', { name: 'x' })
  const bobs = room.call(bob, 'lock.acquire', { name: 'x', wait: 50 })
  await settled(room.engine)
  await room.pass(49)
  expect(await room.call(ann, 'lock.get', { name: 'x' })).toMatchObject({ line: 1 })
  await room.pass(1)
  expect(await bobs).toMatchObject({ acquired: false, reason: 'waited', holder: `test:ann#${ann.id}` })
  expect(await room.call(ann, 'lock.get', { name: 'x' })).toMatchObject({ line: 0 })
})

test('a lease that is over is over for everybody at once, though nobody was woken', async () => {
  using room = openRoom()
  const [ann, bob] = [caller('ann'), caller('bob')]
  for (const name of ['w', 'x', 'y', 'z']) await room.call(ann, 'lock.acquire', { name, ttl: 1000 })
  room.clocks.move(999)
  expect((await room.call(bob, 'lock.list', {})).locks).toHaveLength(4)
  room.clocks.move(1)
  expect(await room.call(bob, 'lock.list', {})).toEqual({ locks: [] })
  expect(await room.call(bob, 'lock.get', { name: 'w' })).toEqual({ lock: null, line: 0 })
  expect(await room.call(ann, 'lock.release', { name: 'w' })).toEqual({ released: false, reason: 'not_held' })
  expect(await room.call(ann, 'lock.renew', { name: 'y' })).toEqual({ renewed: false, reason: 'not_held' })
  expect(await room.call(bob, 'lock.acquire', { name: 'x' })).toMatchObject({ acquired: true })
  expect(await room.call(ann, 'lock.acquire', { name: 'z' })).toMatchObject({ acquired: true, token: 10 })
  expect(eventsOf(room.engine, 'x').map(({ type }) => type)).toEqual([
    'lock.acquired',
    'lock.expired',
    'lock.acquired',
  ])
})

test('the end of a lease wakes the first in line', async () => {
  using room = openRoom()
  const [ann, bob] = [caller('ann'), caller('bob')]
  await room.call(ann, 'lock.acquire', { name: 'x', ttl: 1000 })
  const bobs = room.call(bob, 'lock.acquire', { name: 'x', wait: 5000 })
  await settled(room.engine)
  await room.pass(1000)
  expect(await bobs).toMatchObject({ acquired: true, acquiredAt: room.clocks.wall })
})

test('a lock bound to its connection ends with it, any other outlives it', async () => {
  using room = openRoom()
  const [ann, bob] = [caller('ann'), caller('bob')]
  await room.call(ann, 'lock.acquire', { name: 'bound', lease: 'connection' })
  await room.call(ann, 'lock.acquire', { name: 'free' })
  const bobs = room.call(bob, 'lock.acquire', { name: 'bound', wait: 1000 })
  await settled(room.engine)
  endPeer(ann)
  expect(await bobs).toMatchObject({ acquired: true, lease: 'holder' })
  expect((await room.call(bob, 'lock.list', {})).locks.map(({ name }) => name)).toEqual(['bound', 'free'])
  expect(eventsOf(room.engine, 'bound')[1]?.data).toMatchObject({ reason: 'connection_ended' })
  expect(
    await refusal(
      room.call(createPeer('http:x', 'write'), 'lock.acquire', { name: 'y', lease: 'connection' }),
    ),
  ).toBe('no_stream')
})

test('a clock that jumps changes nothing, and what is shown follows it', async () => {
  using room = openRoom()
  const [ann, bob] = [caller('ann'), caller('bob')]
  await room.call(ann, 'lock.acquire', { name: 'x', ttl: 10_000 })
  for (const jump of [3_600_000, -7_200_000]) {
    room.clocks.jump(jump)
    expect(await room.call(bob, 'lock.acquire', { name: 'x' })).toMatchObject({ acquired: false })
    const { lock } = await room.call(bob, 'lock.get', { name: 'x' })
    expect((lock?.expiresAt ?? 0) - room.clocks.wall).toBe(10_000)
  }
  await room.pass(10_000)
  expect(await room.call(bob, 'lock.acquire', { name: 'x' })).toMatchObject({ acquired: true })
})

test('after a boot the wall clock tells what is left of a lease, never more than it had', async () => {
  using room = openRoom()
  const ann = caller('ann')
  for (const [name, ttl] of [
    ['long', 60_000],
    ['short', 1000],
  ] as const)
    await room.call(ann, 'lock.acquire', { name, ttl, holder: 'ann' })
  await room.call(ann, 'lock.acquire', { name: 'bound', lease: 'connection' })
  room.engine.close()
  const reopened = (offMs: number) => {
    room.clocks.reboot(offMs)
    return openEngine(room.folder.path, { clock: room.clocks.clock, steady: room.clocks.process() })
  }
  {
    using engine = reopened(5000)
    const { locks } = await engine.dispatch(ann, 'lock.list', {})
    expect(locks).toMatchObject([{ name: 'long', expiresAt: room.clocks.wall + 55_000 }])
  }
  using engine = reopened(-3_600_000)
  const { locks } = await engine.dispatch(ann, 'lock.list', {})
  expect(locks).toMatchObject([{ name: 'long', token: 1, expiresAt: room.clocks.wall + 60_000 }])
  const told = await engine.dispatch(ann, 'event.list', { channel: 'lock:bound' })
  expect(told.events.map(({ type }) => type)).toEqual(['lock.acquired', 'lock.released'])
})
