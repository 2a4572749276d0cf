// Following events: where a subscription begins, what it hears, how it ends.

import { expect } from 'bun:test'
import { limits } from '../../../src/protocol/limits.ts'
import { nextTypes, publish, publishAll, refusal, status, type Scenario, type Stage } from './stage.ts'

/** Waits until the daemon counts so many subscriptions that were asked for by so many callers. */
const untilCounted = async ({ house, caller }: Stage, asked: number, callers = 1): Promise<void> => {
  const expected = asked + callers * house.ownSubscriptions
  while ((await status(caller)).peers.subscriptions !== expected);
}

export const following = {
  'a follower hears what comes after it began, in order': async ({ caller, channel }) => {
    await publish(caller, { channel, type: 'before' })
    const follower = await caller.follow({ channel })
    const types = Array.from({ length: 20 }, (_, n) => `t${n}`)
    const ids = await publishAll(caller, channel, types)
    for (const [n, id] of ids.entries())
      expect(await follower.next()).toMatchObject({ id, type: types[n], data: {} })
  },

  'with since it hears what came after that first, without a gap or a double at the seam': async ({
    house,
    caller,
    channel,
  }) => {
    await using writer = await house.connect()
    const ids = await publishAll(writer, channel, ['t0', 't1', 't2', 't3', 't4'])
    const posts: Promise<unknown>[] = []
    for (let n = 5; n < 100; n++) posts.push(publish(writer, { channel, type: `t${n}` }))
    const follower = await caller.follow({ channel, since: ids[1] ?? '' })
    for (let n = 100; n < 200; n++) posts.push(publish(writer, { channel, type: `t${n}` }))
    await Promise.all(posts)
    await publish(writer, { channel, type: 'end' })
    const heard = await nextTypes(follower, 199)
    expect(heard.slice(0, 3)).toEqual(['t2', 't3', 't4'])
    expect(heard.at(-1)).toBe('end')
    expect(new Set(heard).size).toBe(199)
  },

  'with replay it hears the newest that match first': async ({ caller, channel }) => {
    await publishAll(caller, channel, ['a', 'b', 'c'])
    await publishAll(caller, `${channel}-other`, ['x', 'y'])
    const follower = await caller.follow({ channel, replay: 2 })
    await publish(caller, { channel, type: 'd' })
    expect(await nextTypes(follower, 3)).toEqual(['b', 'c', 'd'])
    const whole = await caller.follow({ channel, replay: 1000 })
    expect(await nextTypes(whole, 4)).toEqual(['a', 'b', 'c', 'd'])
  },

  'a long replay comes whole and in order before what is new': async ({ caller, channel }) => {
    const types = Array.from({ length: 1500 }, (_, n) => `t${n}`)
    for (const from of [0, 750])
      await publish(caller, { events: types.slice(from, from + 750).map((type) => ({ channel, type })) })
    const follower = await caller.follow({ channel, since: 0 })
    await publish(caller, { channel, type: 'new' })
    expect(await nextTypes(follower, 1501)).toEqual([...types, 'new'])
  },

  'patterns and types choose what is heard, and an event meant twice is heard once': async ({
    caller,
    channel,
  }) => {
    const exact = await caller.follow({ channel: `${channel}:a` })
    const prefix = await caller.follow({ channel: `${channel}:*` })
    const both = await caller.follow({ channel: [`${channel}:a`, `${channel}:*`, `${channel}*`] })
    const typed = await caller.follow({ channel: `${channel}*`, type: 'two' })
    const everything = await caller.follow({ type: `everywhere-${channel}` })
    for (const [end, type] of [
      ['', 'one'],
      [':a', 'two'],
      [':a', 'three'],
      [':ab', 'four'],
      [':b', 'two'],
      [':a', 'end'],
    ])
      await publish(caller, { channel: `${channel}${end}`, type: type ?? '' })
    await publish(caller, { channel, type: `everywhere-${channel}` })
    expect(await nextTypes(exact, 3)).toEqual(['two', 'three', 'end'])
    expect(await nextTypes(prefix, 5)).toEqual(['two', 'three', 'four', 'two', 'end'])
    expect(await nextTypes(both, 7)).toEqual([
      'one',
      'two',
      'three',
      'four',
      'two',
      'end',
      `everywhere-${channel}`,
    ])
    expect(await nextTypes(typed, 2)).toEqual(['two', 'two'])
    expect(await nextTypes(everything, 1)).toEqual([`everywhere-${channel}`])
  },

  'every follower hears every event, whoever posted it': async ({ house, caller, channel }) => {
    await using other = await house.connect()
    const followers = await Promise.all(
      [caller, other, caller, other].map((each) => each.follow({ channel })),
    )
    await Promise.all([publishAll(caller, channel, ['a', 'b']), publishAll(other, channel, ['c', 'd'])])
    const heard = await Promise.all(followers.map((follower) => nextTypes(follower, 4)))
    expect(heard[0]?.toSorted()).toEqual(['a', 'b', 'c', 'd'])
    for (const each of heard) expect(each).toEqual(heard[0] ?? [])
  },

  'one that has ended hears no more, and the others go on': async (stage) => {
    const { caller, channel } = stage
    // connections of earlier scenarios may still be closing
    await untilCounted(stage, 0)
    const staying = await caller.follow({ channel })
    const leaving = await caller.follow({ channel })
    await publish(caller, { channel, type: 'one' })
    expect(await nextTypes(leaving, 1)).toEqual(['one'])
    await leaving.end()
    await untilCounted(stage, 1)
    await publish(caller, { channel, type: 'two' })
    expect(await nextTypes(staying, 2)).toEqual(['one', 'two'])
  },

  'a caller that is gone leaves no subscription behind': async (stage) => {
    const { house, caller, channel } = stage
    await untilCounted(stage, 0)
    const other = await house.connect()
    await Promise.all([other.follow({ channel }), other.follow({ channel: `${channel}*` })])
    await untilCounted(stage, 2, 2)
    await other[Symbol.asyncDispose]()
    await untilCounted(stage, 0)
    await publish(caller, { channel, type: 'unheard' })
  },

  'with transient: false only stored events are heard': async ({ caller, channel }) => {
    const follower = await caller.follow({ channel, transient: false })
    await publish(caller, { channel, type: 'passing', transient: true })
    await publish(caller, { channel, type: 'stored' })
    expect(await nextTypes(follower, 1)).toEqual(['stored'])
  },

  'a subscription is ended by its own connection alone': async ({ house, caller, channel }) => {
    await using other = await house.connect()
    const follower = await caller.follow({ channel })
    const { subscription } = follower
    for (const [wrong, name] of [
      [other, subscription],
      [caller, 'sub_0'],
    ] as const) {
      const error = await refusal(wrong.call('event.unsubscribe', { subscription: name }))
      expect(error.code).toBe('unknown_subscription')
    }
    await publish(caller, { channel, type: 'heard' })
    expect(await nextTypes(follower, 1)).toEqual(['heard'])
    expect(await caller.call('event.unsubscribe', { subscription })).toEqual({ ended: true })
    expect((await refusal(caller.call('event.unsubscribe', { subscription }))).code).toBe(
      'unknown_subscription',
    )
  },

  'one caller has so many subscriptions and not one more': async ({ house, channel }) => {
    await using greedy = await house.connect()
    const most = limits.subscriptionsPerPeer - house.ownSubscriptions
    const names = await Promise.all(
      Array.from({ length: most }, () => greedy.call('event.subscribe', { channel })),
    )
    expect(new Set(names.map((name) => JSON.stringify(name))).size).toBe(most)
    expect((await refusal(greedy.call('event.subscribe', { channel }))).code).toBe('too_many_subscriptions')
  },

  'a bad parameter of a subscription is refused by its name': async ({ caller }) => {
    for (const [params, name] of [
      [{ channel: 'a*b*' }, 'channel'],
      [{ since: 'soon' }, 'since'],
      [{ replay: -1 }, 'replay'],
      [{ replay: 1001 }, 'replay'],
      [{ transient: 'no' }, 'transient'],
    ] as const) {
      const error = await refusal(caller.call('event.subscribe', params))
      expect({ params, code: error.code }).toEqual({ params, code: 'bad_request' })
      expect(error.message).toContain(name)
    }
  },
} satisfies Record<string, Scenario>
