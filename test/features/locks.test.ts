// Locks through dispatch: who gets one, who waits, who is told what, and what it leaves in the log.

import { expect, test } from 'bun:test'
import { limits } from '../../src/protocol/limits.ts'
import { createPeer, endPeer } from '../../src/core/peer.ts'
import { caller, eventsOf, openRoom, refusal, settled } from '../support/locks-room.ts'

test('a free lock is given under the number of its event; who comes later is told who has it, since when and why', async () => {
  using room = openRoom()
  const [ann, bob] = [caller('ann'), caller('bob')]
  const own = await room.call(ann, 'lock.acquire', { name: 'x', ttl: 1000, note: 'to paint it' })
  const at = room.clocks.wall
  expect(own).toEqual({
    acquired: true,
    name: 'x',
    holder: `test:ann#${ann.id}`,
    token: 1,
    acquiredAt: at,
    expiresAt: at + 1000,
    note: 'to paint it',
    lease: 'holder',
  })
  await room.pass(400)
  expect(await room.call(bob, 'lock.acquire', { name: 'x' })).toEqual({
    acquired: false,
    name: 'x',
    holder: `test:ann#${ann.id}`,
    acquiredAt: at,
    expiresAt: at + 1000,
    note: 'to paint it',
    reason: 'held',
  })
  expect(eventsOf(room.engine, 'x')).toMatchObject([{ type: 'lock.acquired', by: 'test:ann', seq: 1 }])
})

test('a release and the next grant are one transaction, first come first served', async () => {
  using room = openRoom()
  const [ann, bob, cid] = [caller('ann'), caller('bob'), caller('cid')]
  await room.call(ann, 'lock.acquire', { name: 'x' })
  const bobs = room.call(bob, 'lock.acquire', { name: 'x', wait: 1000 })
  const cids = room.call(cid, 'lock.acquire', { name: 'x', wait: 1000 })
  expect(await room.call(ann, 'lock.get', { name: 'x' })).toMatchObject({ line: 2 })
  const groups: string[][] = []
  room.engine.observers.push((events) => groups.push(events.map(({ type }) => type)))
  expect(await room.call(ann, 'lock.release', { name: 'x' })).toEqual({ released: true })
  expect(await bobs).toMatchObject({ acquired: true, token: 3 })
  expect(groups).toEqual([['lock.released', 'lock.acquired']])
  expect(await room.call(ann, 'lock.get', { name: 'x' })).toMatchObject({ line: 1 })
  await room.call(bob, 'lock.release', { name: 'x' })
  expect(await cids).toMatchObject({ acquired: true, token: 5 })
})

test('1,000 wait for one lock, the next is told that the line is full', async () => {
  using room = openRoom()
  const ann = caller('ann')
  await room.call(ann, 'lock.acquire', { name: 'x' })
  const line = Array.from({ length: limits.lineLength }, (_, n) =>
    room.call(caller(`w${n}`), 'lock.acquire', { name: 'x', wait: 60_000 }),
  )
  const late = caller('late')
  expect(await room.call(late, 'lock.acquire', { name: 'x', wait: 60_000 })).toMatchObject({
    acquired: false,
    reason: 'line_full',
  })
  expect(await room.call(late, 'lock.get', { name: 'x' })).toMatchObject({ line: limits.lineLength })
  await room.call(ann, 'lock.release', { name: 'x' })
  expect(await line[0]).toMatchObject({ acquired: true })
  const joined = room.call(late, 'lock.acquire', { name: 'x', wait: 60_000 })
  await settled(room.engine)
  expect(await room.call(late, 'lock.get', { name: 'x' })).toMatchObject({ line: limits.lineLength })
  room.engine.close()
  expect(await refusal(joined)).toBe('stopping')
  for (const each of line.slice(1)) expect(await refusal(each)).toBe('stopping')
})

test('who leaves is passed over, also when its turn came in that very moment', async () => {
  using room = openRoom()
  const [ann, bob, cid, dan] = [caller('ann'), caller('bob'), caller('cid'), caller('dan')]
  await room.call(ann, 'lock.acquire', { name: 'x' })
  const waiting = [bob, cid, dan].map((each) =>
    refusal(room.call(each, 'lock.acquire', { name: 'x', wait: 60_000 })),
  )
  await settled(room.engine)
  endPeer(bob)
  const released = room.call(ann, 'lock.release', { name: 'x' })
  endPeer(cid)
  await released
  expect(await Promise.all(waiting)).toMatchObject([
    'stopping',
    'stopping',
    { acquired: true, holder: `test:dan#${dan.id}` },
  ])
  expect(eventsOf(room.engine, 'x').map(({ type }) => type)).toEqual([
    'lock.acquired',
    'lock.released',
    'lock.acquired',
    'lock.released',
    'lock.acquired',
  ])
})

test('two connections of one user are two holders; one name makes them one', async () => {
  using room = openRoom()
  const [one, two] = [caller('ann'), caller('ann')]
  await room.call(one, 'lock.acquire', { name: 'x' })
  expect(await room.call(two, 'lock.acquire', { name: 'x' })).toMatchObject({ acquired: false })
  await room.call(one, 'lock.acquire', { name: 'y', holder: 'ann' })
  expect(await room.call(two, 'lock.acquire', { name: 'y', holder: 'ann' })).toMatchObject({ acquired: true })
  expect(await room.call(two, 'lock.release', { name: 'y', holder: 'ann' })).toEqual({ released: true })
})

test('a token alone is proof, an old one is none', async () => {
  using room = openRoom()
  const [ann, bob] = [caller('ann'), caller('bob')]
  await room.call(ann, 'lock.acquire', { name: 'x', holder: 'ann' })
  await room.call(ann, 'lock.release', { name: 'x', holder: 'ann' })
  const own = await room.call(ann, 'lock.acquire', { name: 'x', holder: 'ann' })
  expect(own).toMatchObject({ token: 3 })
  expect(await room.call(bob, 'lock.renew', { name: 'x', token: 1 })).toEqual({
    renewed: false,
    reason: 'old_token',
  })
  expect(await room.call(bob, 'lock.renew', { name: 'x', token: 3 })).toMatchObject({
    renewed: true,
    token: 3,
  })
  expect(await room.call(bob, 'lock.release', { name: 'x' })).toEqual({
    released: false,
    reason: 'not_holder',
  })
  expect(await room.call(bob, 'lock.release', { name: 'x', holder: 'bob', token: 3 })).toMatchObject({
    reason: 'not_holder',
  })
  expect(await room.call(bob, 'lock.release', { name: 'x', token: 3 })).toEqual({ released: true })
})

test('breaking is for admins, and keeps who did it and why', async () => {
  using room = openRoom()
  const [ann, bob] = [caller('ann'), caller('bob')]
  await room.call(ann, 'lock.acquire', { name: 'x' })
  const writer = createPeer('test:writer', 'write')
  expect(await refusal(room.call(writer, 'lock.break', { name: 'x', why: 'mine' }))).toBe('forbidden')
  expect(await refusal(room.call(bob, 'lock.break', { name: 'x', why: ' ' }))).toBe('bad_request')
  expect(await room.call(bob, 'lock.break', { name: 'x', why: 'ann sleeps' })).toMatchObject({
    broken: true,
    lock: { holder: `test:ann#${ann.id}` },
  })
  expect(eventsOf(room.engine, 'x')[1]).toMatchObject({
    type: 'lock.broken',
    by: 'test:bob',
    data: { holder: `test:ann#${ann.id}`, token: 1, why: 'ann sleeps' },
  })
  expect(await room.call(bob, 'lock.break', { name: 'x', why: 'again' })).toEqual({ broken: false })
})

test('handed over, a lock has a new token and a lease as long as before', async () => {
  using room = openRoom()
  const ann = caller('ann')
  await room.call(ann, 'lock.acquire', { name: 'x', holder: 'planner', ttl: 5000 })
  await room.pass(1000)
  expect(await room.call(ann, 'lock.transfer', { name: 'x', holder: 'nobody', to: 'builder' })).toEqual({
    transferred: false,
    reason: 'not_holder',
    holder: 'planner',
  })
  expect(
    await room.call(ann, 'lock.transfer', { name: 'x', holder: 'planner', to: 'builder' }),
  ).toMatchObject({
    transferred: true,
    holder: 'builder',
    token: 3,
    expiresAt: room.clocks.wall + 5000,
  })
  expect(await room.call(ann, 'lock.assign', { name: 'x', holder: 'third' })).toMatchObject({
    acquired: false,
    holder: 'builder',
  })
})

test('namespaces never meet, and their tokens still grow together', async () => {
  using room = openRoom()
  const [one, two] = [caller('ann', 'kanban'), caller('ann', 'other')]
  const first = await room.call(one, 'lock.acquire', { name: 'x' })
  const second = await room.call(two, 'lock.acquire', { name: 'x' })
  expect([first, second]).toMatchObject([
    { acquired: true, token: 1 },
    { acquired: true, token: 2 },
  ])
  expect((await room.call(one, 'lock.list', {})).locks).toHaveLength(1)
})

test.each([
  ['no name', {}],
  ['an empty name', { name: '' }],
  ['a name of 513 bytes', { name: 'x'.repeat(513) }],
  ['a name that is no text', { name: 5 }],
  ['a negative lease', { name: 'x', ttl: -1 }],
  ['no lease at all', { name: 'x', ttl: 0 }],
  ['a lease that is text', { name: 'x', ttl: '5000' }],
  ['a lease beyond 30 days', { name: 'x', ttl: limits.leaseMs + 1 }],
  ['half a millisecond', { name: 'x', ttl: 0.5 }],
  ['a negative wait', { name: 'x', wait: -1 }],
  ['a wait beyond a day', { name: 'x', wait: limits.lockWaitMs + 1 }],
  ['an empty holder', { name: 'x', holder: '' }],
  ['a misspelled lease', { name: 'x', ttlMs: 5000 }],
] as const)('%s is refused, and nothing is held', async (_, params) => {
  using room = openRoom()
  const ann = caller('ann')
  expect(await refusal(room.engine.dispatch(ann, 'lock.acquire' as string, params))).toBe('bad_request')
  expect(await room.call(ann, 'lock.list', {})).toEqual({ locks: [] })
  expect(room.engine.log.head).toBe(0)
})

test('the longest name and the longest lease are taken, and the channel of that name can be listened to', async () => {
  using room = openRoom()
  const ann = caller('ann')
  const name = 'é'.repeat(limits.lockNameBytes / 2)
  expect(await room.call(ann, 'lock.acquire', { name, ttl: limits.leaseMs })).toMatchObject({
    acquired: true,
  })
  const { events } = await room.call(ann, 'event.list', { channel: `lock:${name}` })
  expect(events.map(({ type }) => type)).toEqual(['lock.acquired'])
})

test('a list of many is read page by page', async () => {
  using room = openRoom()
  const ann = caller('ann')
  const names = ['a', 'b', 'c', 'd', 'e']
  for (const name of names) await room.call(ann, 'lock.acquire', { name })
  const found: string[] = []
  for (let after: string | undefined, more = true; more;) {
    const page = await room.call(ann, 'lock.list', { limit: 2, ...(after !== undefined && { after }) })
    found.push(...page.locks.map(({ name }) => name))
    after = page.next
    more = after !== undefined
  }
  expect(found).toEqual(names)
})

test('when the disk refuses, nobody was given anything and nobody lost its place', async () => {
  using room = openRoom()
  const [ann, bob, cid] = [caller('ann'), caller('bob'), caller('cid')]
  await room.call(ann, 'lock.acquire', { name: 'x' })
  const bobs = room.call(bob, 'lock.acquire', { name: 'x', wait: 60_000 })
  await settled(room.engine)
  room.engine.database.run('PRAGMA max_page_count = 1')
  const released = room.call(ann, 'lock.release', { name: 'x' })
  const late = room.call(cid, 'lock.acquire', { name: 'x', wait: 60_000 })
  const large = room.call(ann, 'event.publish', { type: 'large', data: 'x'.repeat(1_000_000) })
  for (const each of [released, late, large]) expect(await refusal(each)).toBe('storage_full')
  expect(await room.call(ann, 'lock.get', { name: 'x' })).toMatchObject({ lock: { token: 1 }, line: 1 })
  room.engine.database.run('PRAGMA max_page_count = 1000000')
  expect(await room.call(ann, 'lock.release', { name: 'x' })).toEqual({ released: true })
  expect(await bobs).toMatchObject({ acquired: true, token: 3 })
})
