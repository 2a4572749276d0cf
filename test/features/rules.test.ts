// The rules room: what an event starts, and what it must never start.

import { describe, expect, test } from 'bun:test'
import { caller } from '../support/locks-room.ts'
import { me, roomForEach } from '../support/rules-room.ts'

const room = roomForEach()
const { quiet, add, publishes, post, posted, ruleOf } = room

describe('a rule', () => {
  test('runs its action with each matching event, in order, and says what made it act', async () => {
    await publishes('say', 'said')
    await post('Stop', { n: 0 })
    const added = await add({ on: [{ type: 'Stop' }], do: 'say' })
    expect(added).toMatchObject({
      added: true,
      replaced: false,
      action: true,
      rule: { backlog: 0 },
    })
    const ids: string[] = []
    for (let n = 1; n <= 3; n++) ids.push(...(await post('Stop', { n })).ids)
    await post('Start')
    await quiet()
    expect(posted('said').map(({ data, by, origin }) => ({ data, by, cause: origin?.['cause'] }))).toEqual(
      ids.map((id, n) => ({
        data: expect.objectContaining({ id, type: 'Stop', channel: 'events', data: { n: n + 1 } }),
        by: 'rule:tell',
        cause: `rule:tell/${id}`,
      })),
    )
    expect(await ruleOf()).toMatchObject({
      handled: 3,
      backlog: 0,
      cursor: ids[2],
      lastSuccess: { event: ids[2] },
    })
  })

  test('looks closer with a filter', async () => {
    await publishes('say', 'said')
    const filter = 'data.tool_name == "Bash" && data.duration_ms > 1000'
    await add({ on: [{ type: 'PostToolUse' }], filter, do: 'say' })
    await post('PostToolUse', { tool_name: 'Bash', duration_ms: 10 })
    await post('PostToolUse', { tool_name: 'Bash', duration_ms: 2000 })
    await post('PostToolUse', { tool_name: 'Edit', duration_ms: 2000 })
    await post('PostToolUse', 'no object')
    await quiet()
    expect(posted('said')).toHaveLength(1)
    expect(await ruleOf()).toMatchObject({ filter, handled: 1 })
  })

  test('hears a type on whatever channel, the daemon’s own too, but without one only what was posted', async () => {
    await publishes('say', 'said')
    await add({ name: 'locks', on: [{ type: 'lock.acquired' }], do: 'say' })
    await add({ name: 'all', on: [{}], do: 'say' })
    await room.engine.dispatch(me, 'lock.acquire', { name: 'build' })
    await quiet()
    const by = posted('said').map((event) => event.by)
    // the second hears what the first says, not the lock
    expect(by).toEqual(['rule:locks', 'rule:all'])
  })

  test.each([
    [[{ channel: 'board:*' }], ['board:main']],
    [[{ channel: 'board:main', type: 'moved' }], ['board:main']],
    [
      [{ session: '4fa' }, { channel: 'board:main' }],
      ['board:main', 'session:4fa'],
    ],
  ])('with %j hears %j', async (on, channels) => {
    await publishes('say', 'said')
    await add({ on, do: 'say' })
    for (const channel of ['board:main', 'events', 'session:4fa', 'session:4fb'])
      await post('moved', {}, { channel })
    await quiet()
    expect(posted('said').map((event) => Reflect.get(Object(event.data), 'channel'))).toEqual(channels)
  })

  test('begins where it is told to', async () => {
    await publishes('say', 'said')
    const { ids } = await post('Stop', { n: 1 })
    await post('Stop', { n: 2 })
    await add({ on: [{ type: 'Stop' }], do: 'say', since: ids[0] ?? 0 })
    await quiet()
    expect(posted('said').map((event) => Reflect.get(Object(event.data), 'data'))).toEqual([{ n: 2 }])
  })

  test('goes on after a restart where it was', async () => {
    await publishes('say', 'said')
    await add({ on: [{ type: 'Stop' }], do: 'say' })
    await post('Stop')
    await quiet()
    room.again()
    await post('Stop')
    await quiet()
    expect(posted('said')).toHaveLength(1)
    expect(await ruleOf()).toMatchObject({ handled: 2 })
  })

  test('of one namespace hears nothing of another', async () => {
    const other = caller('me', 'other')
    await room.engine.dispatch(other, 'action.add', { name: 'say', kind: 'publish', channel: 'said' })
    await room.engine.dispatch(other, 'rule.add', { name: 'tell', on: [{}], do: 'say' })
    await post('Stop')
    await room.engine.dispatch(other, 'event.publish', { channel: 'events', type: 'Stop' })
    await quiet()
    expect(posted('said').map(({ namespace }) => namespace)).toEqual(['other'])
    expect(await room.engine.dispatch(me, 'rule.list', {})).toEqual({ rules: [] })
  })
})

describe('an event that a rule caused', () => {
  test('does not run that rule, however its action looks', async () => {
    await publishes('say', 'events')
    await add({ on: [{}, { channel: '*' }], do: 'say' })
    await post('Stop')
    await quiet()
    expect(posted('events').map(({ by }) => by)).toEqual(['test:me', 'rule:tell'])
    expect(await ruleOf()).toMatchObject({ handled: 1 })
  })

  test('runs other rules, but no ring of them', async () => {
    await publishes('say', 'events')
    await add({ name: 'a', on: [{ channel: 'events' }], do: 'say' })
    await add({ name: 'b', on: [{ channel: 'events' }], do: 'say' })
    await post('Stop')
    await quiet()
    const by = posted('events').map((event) => event.by)
    expect(by.toSorted()).toEqual(['rule:a', 'rule:a', 'rule:b', 'rule:b', 'test:me'])
  })

  test('is known when it comes back from elsewhere with its cause', async () => {
    await publishes('say', 'said')
    await add({ on: [{ type: 'Stop' }], do: 'say' })
    const { ids } = await post('Stop')
    await post('Stop', {}, { origin: { cause: `rule:tell/${ids[0]}` } })
    await post('Stop', {}, { origin: { cause: 'rule:other/evt_1' } })
    await post('Stop', {}, { origin: { cause: 'something else' } })
    await quiet()
    expect(posted('said')).toHaveLength(3)
  })

  test('is known when it comes from a job that was asked for because of it', async () => {
    await publishes('say', 'said')
    const { engine } = room
    await engine.dispatch(me, 'job.add', { id: 'j', every: 3_600_000, do: 'say' })
    await add({ on: [{ type: 'Stop' }, { channel: 'said' }, { channel: 'job:*' }], do: 'say' })
    const { ids } = await post('Stop')
    await quiet()
    await engine.dispatch({ ...me, cause: `rule:tell/${ids[0]}` }, 'job.run', { id: 'j' })
    await quiet()
    expect(posted('said').map(({ by }) => by)).toEqual(['rule:tell', 'job:j'])
    expect(posted('job:j').map(({ type }) => type)).toEqual(['job.added', 'job.started', 'job.finished'])
    expect((await engine.dispatch(me, 'job.history', { id: 'j' })).results).toMatchObject([
      { what: 'finished', cause: `rule:tell/${ids[0]}` },
    ])
  })

  test('is known when a room writes it for somebody who acts upon the rule', async () => {
    await publishes('say', 'said')
    const { engine } = room
    await add({
      on: [{ type: 'Stop' }, { channel: 'lock:*' }, { channel: 'job:*' }, { channel: 'action:*' }],
      do: 'say',
    })
    const { ids } = await post('Stop')
    await quiet()
    const his = { ...me, cause: `rule:tell/${ids[0]}` }
    await engine.dispatch(his, 'lock.acquire', { name: 'build', holder: 'a' })
    await engine.dispatch(his, 'lock.acquire', { name: 'build', holder: 'a', ttl: 60_000 })
    await engine.dispatch(his, 'lock.transfer', { name: 'build', holder: 'a', to: 'b' })
    await engine.dispatch(his, 'lock.release', { name: 'build', holder: 'b' })
    await engine.dispatch(his, 'lock.acquire', { name: 'ends', holder: 'a', ttl: 5000 })
    await room.pass(6000)
    expect(posted('lock:ends').map(({ type }) => type)).toEqual(['lock.acquired', 'lock.expired'])
    await engine.dispatch(his, 'job.add', { id: 'j', every: 3_600_000, do: 'say' })
    for (const method of ['job.pause', 'job.resume', 'job.remove'] as const)
      await engine.dispatch(his, method, { id: 'j' })
    await engine.dispatch(his, 'action.add', { name: 'x', kind: 'publish', channel: 'x' })
    await quiet()
    expect(posted('said')).toHaveLength(1)
    expect(posted('lock:build').length + posted('job:j').length + posted('action:x').length).toBe(9)
    await engine.dispatch(me, 'lock.acquire', { name: 'build', holder: 'a' })
    await quiet()
    expect(posted('said')).toHaveLength(2)
  })

  test('at the end of a chain of nine is taken for a ring', async () => {
    await publishes('say', 'said')
    await add({ on: [{ type: 'Stop' }], do: 'say' })
    let { ids } = await post('Start')
    for (let n = 0; n < 9; n++)
      ({ ids } = await post('Stop', {}, { origin: { cause: `rule:r${n}/${ids[0]}` } }))
    await quiet()
    expect(posted('said')).toHaveLength(7)
  })
})
