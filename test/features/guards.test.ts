// How long a session keeps what guards took for it, by clocks that the test moves.

import { expect, test } from 'bun:test'
import { caller, openRoom, settled } from '../support/locks-room.ts'

const minute = 60_000
const id = 'aaaaaaaa-9e7a-4bdd-95dd-47d4bba3893f'

const open = async () => {
  const room = openRoom()
  const { call, engine } = room
  const me = caller('ann')
  await call(me, 'guard.add', { pattern: '*.sql', lock: 'database' })
  const check = (session: string) =>
    call(me, 'guard.check', { session, tool: 'Edit', input: { file_path: '/x/one.sql' } })
  return {
    room,
    check,
    post: async (type: string, data: object = {}, occurredAt?: number) => {
      const more = occurredAt === undefined ? {} : { occurredAt }
      await call(caller('hook'), 'event.publish', { channel: `session:${id}`, type, data, ...more })
      await settled(engine)
    },
    holder: async () => (await call(me, 'lock.get', { name: 'database' })).lock?.holder,
    [Symbol.dispose]: () => room[Symbol.dispose](),
  }
}

test('it lapses when nothing more is heard of the session, and not while it does anything', async () => {
  using place = await open()
  const { room, check, post, holder } = place
  expect(await check(id)).toEqual({ allowed: true, locks: ['database'] })
  for (let n = 0; n < 4; n++) {
    await room.pass(10 * minute)
    await post('MessageDisplay')
    expect(await holder()).toBe(`session:${id}`)
  }
  expect((await check('other')).allowed).toBe(false)
  await room.pass(16 * minute)
  expect(await holder()).toBeUndefined()
  expect((await check('other')).allowed).toBe(true)
  expect((await check(id)).allowed).toBe(false)
})

test('a turn that the user broke off has ended; one that ended before the lock was taken ends nothing', async () => {
  using place = await open()
  const { room, check, post, holder } = place
  const before = room.clocks.clock.now()
  await room.pass(minute)
  await check(id)
  await post('Stop', {}, before)
  await post('PostToolUseFailure', { is_interrupt: false })
  expect(await holder()).toBe(`session:${id}`)
  await post('PostToolUseFailure', { is_interrupt: true })
  expect(await holder()).toBeUndefined()
})

test('a tool that is refused gives no lock back that another tool of its session goes on with', async () => {
  using place = await open()
  const { room, check, holder } = place
  const me = caller('ann')
  await room.call(me, 'guard.add', { pattern: '/x/two*', lock: 'other', wait: 5000 })
  await room.call(caller('boss'), 'lock.acquire', { name: 'other', holder: 'boss', ttl: minute })
  const use = (file_path: string) =>
    room.call(me, 'guard.check', { session: id, tool: 'Edit', input: { file_path } })
  const refused = use('/x/two.sql')
  await settled(room.engine)
  expect(await holder()).toBe(`session:${id}`)
  expect((await check(id)).allowed).toBe(true)
  await room.pass(6000)
  expect((await refused).allowed).toBe(false)
  expect(await holder()).toBe(`session:${id}`)
  await place.post('Stop')
  expect(await holder()).toBeUndefined()

  // and gives back what nobody else goes on with
  const again = use('/x/two.sql')
  await settled(room.engine)
  expect(await holder()).toBe(`session:${id}`)
  await room.pass(6000)
  expect((await again).allowed).toBe(false)
  expect(await holder()).toBeUndefined()
})

test('a lock that was taken away is not given back a second time', async () => {
  using place = await open()
  const { room, check, post, holder } = place
  await check(id)
  await room.call(caller('boss'), 'lock.break', { name: 'database', why: 'urgent' })
  await room.call(caller('boss'), 'lock.acquire', { name: 'database', holder: 'boss' })
  await post('Stop')
  expect(await holder()).toBe('boss')
  expect((await check(id)).reason).toContain('boss holds it since')
})

test('a guard of one namespace is none of another', async () => {
  using place = await open()
  const { room } = place
  const far = caller('far', 'elsewhere')
  const use = { session: id, tool: 'Edit', input: { file_path: '/x/one.sql' } }
  expect(await room.call(far, 'guard.check', use)).toEqual({ allowed: true, locks: [] })
  expect(await room.call(far, 'guard.list', {})).toEqual({ guards: [] })
})

test.each(['', 'src/x', './x', '~/x', 'a\0b', 'x'.repeat(1025)])(
  'a pattern that is none: %p',
  async (pattern) => {
    using place = await open()
    const added = place.room.call(caller('ann'), 'guard.add', { pattern, lock: 'database' })
    expect(
      await added.then(
        () => 'added',
        (error: unknown) => Object(error).code,
      ),
    ).toBe('bad_request')
  },
)
