// Locks through dispatch: who gets one, who waits, who is told what, and what it leaves in the log.

import { expect, test } from 'bun:test'
import { PaidError } from '../../src/protocol/error.ts'
import { limits } from '../../src/protocol/limits.ts'
import { createPeer, endPeer, type Peer } from '../../src/core/peer.ts'
import type { Stream } from '../../src/core/subscription.ts'
import { type Engine, openEngine, temporaryFolder } from '../support/engine.ts'
import { createMovedClocks } from '../support/moved-clocks.ts'

const silent: Stream = { blocked: false, empty: async () => {}, send: () => {}, lagged: () => {} }
const caller = (name: string, namespace = ''): Peer => createPeer(`test:${name}`, 'admin', namespace, silent)

const open = () => {
  const folder = temporaryFolder()
  const clocks = createMovedClocks()
  const engine = openEngine(folder.path, { clock: clocks.clock, steady: clocks.process() })
  return {
    engine,
    clocks,
    folder,
    call: engine.dispatch,
    /** Time passes; what that wakes is done. */
    pass: (ms: number) => clocks.pass(ms, () => settled(engine)),
    [Symbol.dispose]: () => {
      engine.close()
      folder[Symbol.dispose]()
    },
  }
}

const settled = async (engine: Engine): Promise<void> => {
  await engine.log.read(() => undefined)
  await new Promise((resolve) => setImmediate(resolve))
  await engine.log.read(() => undefined)
}

const refusal = (answer: Promise<unknown>): Promise<unknown> =>
  answer.then(
    (value) => value,
    (error: unknown) => (error instanceof PaidError ? error.code : error),
  )

const eventsOf = ({ delivered }: Engine, name: string) =>
  delivered
    .filter(({ channel, seq }) => channel === `lock:${name}` && seq > 0)
    .map(({ type, data, by, seq }) => ({ type, by, seq, data }))

test('a free lock is given under the number of its event; who comes later is told who has it, since when and why', async () => {
  using room = open()
  const [ann, bob] = [caller('ann'), caller('bob')]
  const own = await room.call(ann, 'lock.acquire', { name: 'x', ttlMs: 1000, note: 'to paint it' })
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

test('a lease of 30 seconds is what one gets who says nothing', async () => {
  using room = open()
  expect(await room.call(caller('ann'), 'lock.acquire', { name: 'x' })).toMatchObject({
    expiresAt: room.clocks.wall + 30_000,
  })
})

test('taken again by its holder, only the end moves', async () => {
  using room = open()
  const ann = caller('ann')
  const first = await room.call(ann, 'lock.acquire', { name: 'x', ttlMs: 1000 })
  await room.pass(600)
  const again = await room.call(ann, 'lock.acquire', { name: 'x', ttlMs: 1000 })
  expect(again).toEqual({ ...first, expiresAt: room.clocks.wall + 1000 } as typeof again)
  await room.pass(600)
  expect((await room.call(ann, 'lock.get', { name: 'x' })).lock).not.toBeNull()
  expect(eventsOf(room.engine, 'x')).toHaveLength(1)
})

test('a release and the next grant are one transaction, first come first served', async () => {
  using room = open()
  const [ann, bob, cid] = [caller('ann'), caller('bob'), caller('cid')]
  await room.call(ann, 'lock.acquire', { name: 'x' })
  const bobs = room.call(bob, 'lock.acquire', { name: 'x', waitMs: 1000 })
  const cids = room.call(cid, 'lock.acquire', { name: 'x', waitMs: 1000 })
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

test('who waits in vain is told who has it, at the deadline', async () => {
  using room = open()
  const [ann, bob] = [caller('ann'), caller('bob')]
  await room.call(ann, 'lock.acquire', { name: 'x' })
  const bobs = room.call(bob, 'lock.acquire', { name: 'x', waitMs: 50 })
  await settled(room.engine)
  await room.pass(49)
  expect(await room.call(ann, 'lock.get', { name: 'x' })).toMatchObject({ line: 1 })
  await room.pass(1)
  expect(await bobs).toMatchObject({ acquired: false, reason: 'waited', holder: `test:ann#${ann.id}` })
  expect(await room.call(ann, 'lock.get', { name: 'x' })).toMatchObject({ line: 0 })
})

test('a lease that is over is over for everybody at once, though nobody was woken', async () => {
  using room = open()
  const [ann, bob] = [caller('ann'), caller('bob')]
  for (const name of ['w', 'x', 'y', 'z']) await room.call(ann, 'lock.acquire', { name, ttlMs: 1000 })
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
  using room = open()
  const [ann, bob] = [caller('ann'), caller('bob')]
  await room.call(ann, 'lock.acquire', { name: 'x', ttlMs: 1000 })
  const bobs = room.call(bob, 'lock.acquire', { name: 'x', waitMs: 5000 })
  await settled(room.engine)
  await room.pass(1000)
  expect(await bobs).toMatchObject({ acquired: true, acquiredAt: room.clocks.wall })
})

test('1,000 wait for one lock, the next is told that the line is full', async () => {
  using room = open()
  const ann = caller('ann')
  await room.call(ann, 'lock.acquire', { name: 'x' })
  const line = Array.from({ length: limits.lineLength }, (_, n) =>
    room.call(caller(`w${n}`), 'lock.acquire', { name: 'x', waitMs: 60_000 }),
  )
  const late = caller('late')
  expect(await room.call(late, 'lock.acquire', { name: 'x', waitMs: 60_000 })).toMatchObject({
    acquired: false,
    reason: 'line_full',
  })
  expect(await room.call(late, 'lock.get', { name: 'x' })).toMatchObject({ line: limits.lineLength })
  await room.call(ann, 'lock.release', { name: 'x' })
  expect(await line[0]).toMatchObject({ acquired: true })
  const joined = room.call(late, 'lock.acquire', { name: 'x', waitMs: 60_000 })
  await settled(room.engine)
  expect(await room.call(late, 'lock.get', { name: 'x' })).toMatchObject({ line: limits.lineLength })
  room.engine.close()
  expect(await refusal(joined)).toBe('stopping')
  for (const each of line.slice(1)) expect(await refusal(each)).toBe('stopping')
})

test('who leaves is passed over, also when its turn came in that very moment', async () => {
  using room = open()
  const [ann, bob, cid, dan] = [caller('ann'), caller('bob'), caller('cid'), caller('dan')]
  await room.call(ann, 'lock.acquire', { name: 'x' })
  const waiting = [bob, cid, dan].map((each) =>
    refusal(room.call(each, 'lock.acquire', { name: 'x', waitMs: 60_000 })),
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

test('a lock bound to its connection ends with it, any other outlives it', async () => {
  using room = open()
  const [ann, bob] = [caller('ann'), caller('bob')]
  await room.call(ann, 'lock.acquire', { name: 'bound', lease: 'connection' })
  await room.call(ann, 'lock.acquire', { name: 'free' })
  const bobs = room.call(bob, 'lock.acquire', { name: 'bound', waitMs: 1000 })
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

test('two connections of one user are two holders; one name makes them one', async () => {
  using room = open()
  const [one, two] = [caller('ann'), caller('ann')]
  await room.call(one, 'lock.acquire', { name: 'x' })
  expect(await room.call(two, 'lock.acquire', { name: 'x' })).toMatchObject({ acquired: false })
  await room.call(one, 'lock.acquire', { name: 'y', holder: 'ann' })
  expect(await room.call(two, 'lock.acquire', { name: 'y', holder: 'ann' })).toMatchObject({ acquired: true })
  expect(await room.call(two, 'lock.release', { name: 'y', holder: 'ann' })).toEqual({ released: true })
})

test('a token alone is proof, an old one is none', async () => {
  using room = open()
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
  using room = open()
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
  using room = open()
  const ann = caller('ann')
  await room.call(ann, 'lock.acquire', { name: 'x', holder: 'planner', ttlMs: 5000 })
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
  using room = open()
  const [one, two] = [caller('ann', 'kanban'), caller('ann', 'other')]
  const first = await room.call(one, 'lock.acquire', { name: 'x' })
  const second = await room.call(two, 'lock.acquire', { name: 'x' })
  expect([first, second]).toMatchObject([
    { acquired: true, token: 1 },
    { acquired: true, token: 2 },
  ])
  expect((await room.call(one, 'lock.list', {})).locks).toHaveLength(1)
})

test('a clock that jumps changes nothing, and what is shown follows it', async () => {
  using room = open()
  const [ann, bob] = [caller('ann'), caller('bob')]
  await room.call(ann, 'lock.acquire', { name: 'x', ttlMs: 10_000 })
  for (const jump of [3_600_000, -7_200_000]) {
    room.clocks.jump(jump)
    expect(await room.call(bob, 'lock.acquire', { name: 'x' })).toMatchObject({ acquired: false })
    const { lock } = await room.call(bob, 'lock.get', { name: 'x' })
    expect((lock?.expiresAt ?? 0) - room.clocks.wall).toBe(10_000)
  }
  await room.pass(10_000)
  expect(await room.call(bob, 'lock.acquire', { name: 'x' })).toMatchObject({ acquired: true })
})

test.each([
  ['no name', {}],
  ['an empty name', { name: '' }],
  ['a name of 513 bytes', { name: 'x'.repeat(513) }],
  ['a name that is no text', { name: 5 }],
  ['a negative lease', { name: 'x', ttlMs: -1 }],
  ['no lease at all', { name: 'x', ttlMs: 0 }],
  ['a lease that is text', { name: 'x', ttlMs: '5000' }],
  ['a lease beyond 30 days', { name: 'x', ttlMs: limits.leaseMs + 1 }],
  ['half a millisecond', { name: 'x', ttlMs: 0.5 }],
  ['a negative wait', { name: 'x', waitMs: -1 }],
  ['a wait beyond a day', { name: 'x', waitMs: limits.lockWaitMs + 1 }],
  ['an empty holder', { name: 'x', holder: '' }],
  ['a misspelled lease', { name: 'x', ttl: 5000 }],
] as const)('%s is refused, and nothing is held', async (_, params) => {
  using room = open()
  const ann = caller('ann')
  expect(await refusal(room.engine.dispatch(ann, 'lock.acquire' as string, params))).toBe('bad_request')
  expect(await room.call(ann, 'lock.list', {})).toEqual({ locks: [] })
  expect(room.engine.log.head).toBe(0)
})

test('the longest name and the longest lease are taken, and the channel of that name can be listened to', async () => {
  using room = open()
  const ann = caller('ann')
  const name = 'é'.repeat(limits.lockNameBytes / 2)
  expect(await room.call(ann, 'lock.acquire', { name, ttlMs: limits.leaseMs })).toMatchObject({
    acquired: true,
  })
  const { events } = await room.call(ann, 'event.list', { channel: `lock:${name}` })
  expect(events.map(({ type }) => type)).toEqual(['lock.acquired'])
})

test('a list of many is read page by page', async () => {
  using room = open()
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
  using room = open()
  const [ann, bob, cid] = [caller('ann'), caller('bob'), caller('cid')]
  await room.call(ann, 'lock.acquire', { name: 'x' })
  const bobs = room.call(bob, 'lock.acquire', { name: 'x', waitMs: 60_000 })
  await settled(room.engine)
  room.engine.database.run('PRAGMA max_page_count = 1')
  const released = room.call(ann, 'lock.release', { name: 'x' })
  const late = room.call(cid, 'lock.acquire', { name: 'x', waitMs: 60_000 })
  const large = room.call(ann, 'event.publish', { type: 'large', data: 'x'.repeat(1_000_000) })
  for (const each of [released, late, large]) expect(await refusal(each)).toBe('storage_full')
  expect(await room.call(ann, 'lock.get', { name: 'x' })).toMatchObject({ lock: { token: 1 }, line: 1 })
  room.engine.database.run('PRAGMA max_page_count = 1000000')
  expect(await room.call(ann, 'lock.release', { name: 'x' })).toEqual({ released: true })
  expect(await bobs).toMatchObject({ acquired: true, token: 3 })
})

test('after a boot the wall clock tells what is left of a lease, never more than it had', async () => {
  using room = open()
  const ann = caller('ann')
  for (const [name, ttlMs] of [
    ['long', 60_000],
    ['short', 1000],
  ] as const)
    await room.call(ann, 'lock.acquire', { name, ttlMs, holder: 'ann' })
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
