// Posting events: what is stored, what is refused, what is only delivered.

import { expect } from 'bun:test'
import { reservedPrefixes } from '../../../src/protocol/channel.ts'
import { list, nextTypes, publish, publishAll, refusal, typesIn, type Scenario } from './stage.ts'

export const publishing = {
  'an event is read back as it was posted, under the id that was answered': async ({ caller, channel }) => {
    const origin = { source_app: 'test', nested: { a: [1, null] } }
    for (const data of [{ a: { b: ['ä', 1.5, null] } }, [], 'text', 0, false, null]) {
      const { ids } = await publish(caller, {
        channel,
        type: 'kept',
        data,
        origin,
        occurredAt: 1705432800123,
      })
      const { events } = await list(caller, { channel, limit: 1 })
      const [event] = events
      expect(event).toEqual({
        seq: Number(ids[0]?.slice('evt_'.length)),
        id: ids[0] ?? '',
        at: expect.any(Number),
        occurredAt: 1705432800123,
        channel,
        type: 'kept',
        data,
        origin,
        by: expect.stringMatching(/^[a-z]+:/),
      })
    }
  },

  'without a channel an event goes to `events`, without data it holds {}': async ({ caller }) => {
    const { ids } = await publish(caller, { type: 'bare' })
    const { events } = await list(caller, { type: 'bare', limit: 1 })
    expect(events).toMatchObject([{ id: ids[0], channel: 'events', data: {} }])
  },

  'numbers rise in the order of the answers, and arrival times never go back': async ({
    caller,
    channel,
  }) => {
    const types = Array.from({ length: 20 }, (_, n) => `t${n}`)
    const ids = await publishAll(caller, channel, types)
    const { events } = await list(caller, { channel })
    expect(events.map(({ id, type }) => [id, type])).toEqual(ids.map((id, n) => [id, types[n]]))
    for (const [n, event] of events.entries()) expect(event.at).toBeGreaterThanOrEqual(events[n - 1]?.at ?? 0)
  },

  'posts of the same moment each get a number of their own': async ({ caller, channel }) => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => publish(caller, { channel, type: `t${n}` })),
    )
    const ids = answers.flatMap((answer) => answer.ids)
    expect(new Set(ids).size).toBe(50)
    const { events } = await list(caller, { channel })
    expect(new Set(events.map(({ id }) => id))).toEqual(new Set(ids))
  },

  'a batch is stored in its order, with numbers that follow one another': async ({ caller, channel }) => {
    const events = Array.from({ length: 1000 }, (_, n) => ({ channel, type: `t${n}`, data: n }))
    const { ids } = await publish(caller, { events })
    const first = Number(ids[0]?.slice('evt_'.length))
    expect(ids).toEqual(events.map((_, n) => `evt_${first + n}`))
    const read = await list(caller, { channel, limit: 1000 })
    expect(read.events.map(({ data }) => data)).toEqual(events.map(({ data }) => data))
  },

  'a batch is stored all or not at all': async ({ caller, channel }) => {
    const fine = { channel, type: 'fine' }
    for (const [events, code] of [
      [[], 'bad_request'],
      [Array.from({ length: 1001 }, () => fine), 'bad_request'],
      [[fine, { channel }, fine], 'bad_request'],
      [[fine, { channel, type: '' }], 'bad_request'],
      [[fine, null], 'bad_request'],
      [[fine, { channel: 'lock:x', type: 'fine' }, fine], 'reserved_channel'],
    ] as const)
      expect((await refusal(caller.call('event.publish', { events }))).code).toBe(code)
    expect((await list(caller, { channel })).events).toEqual([])
  },

  'the channels that the daemon writes itself are refused to everybody': async ({ caller }) => {
    for (const prefix of reservedPrefixes) {
      const event = { channel: `${prefix}mine`, type: 'forged' }
      for (const params of [event, { ...event, transient: true }, { events: [event] }])
        expect((await refusal(caller.call('event.publish', params))).code).toBe('reserved_channel')
    }
    expect(await typesIn(caller, { all: true, type: 'forged' })).toEqual([])
  },

  'a name that is empty, too long or broken is refused by what it names': async ({ caller, channel }) => {
    for (const [wrong, named] of [
      [{ type: '' }, 'type'],
      [{ type: 'x'.repeat(257) }, 'type'],
      [{ type: '€'.repeat(86) }, 'type'],
      [{ type: 'two\nlines' }, 'type'],
      [{ type: 'half \ud800' }, 'type'],
      [{ type: 5 }, 'type'],
      [{}, 'type'],
      [{ type: 'x', channel: '' }, 'channel'],
      [{ type: 'x', channel: 'c'.repeat(513) }, 'channel'],
      [{ type: 'x', channel: 'a\u0000b' }, 'channel'],
      [{ type: 'x', key: '' }, 'key'],
      [{ type: 'x', key: 'k'.repeat(513) }, 'key'],
      [{ type: 'x', occurredAt: 'now' }, 'occurredAt'],
      [{ type: 'x', origin: [] }, 'origin'],
      [{ type: 'x', transient: 'yes' }, 'transient'],
    ] as const) {
      const error = await refusal(caller.call('event.publish', { channel, ...wrong }))
      expect({ wrong, code: error.code }).toEqual({ wrong, code: 'bad_request' })
      expect(error.message).toContain(named)
    }
    expect((await list(caller, { channel })).events).toEqual([])
    await publish(caller, { channel: 'c'.repeat(512), type: '€'.repeat(85), key: 'k'.repeat(512) })
  },

  'a transient event is delivered in its place, has no number, and is not kept': async ({
    caller,
    channel,
  }) => {
    const follower = await caller.follow({ channel })
    await publish(caller, { channel, type: 'before' })
    expect(await publish(caller, { channel, type: 'passing', data: { n: 1 }, transient: true })).toEqual({
      ids: [],
    })
    await publish(caller, { channel, type: 'after' })
    expect(await follower.next()).toMatchObject({ type: 'before', id: expect.any(String) })
    const passing = await follower.next()
    expect(passing).toMatchObject({ type: 'passing', data: { n: 1 } })
    expect(passing).not.toHaveProperty('id')
    expect(await nextTypes(follower, 1)).toEqual(['after'])
    expect(await typesIn(caller, { channel })).toEqual(['before', 'after'])
  },

  'calls sent without waiting are done in their order: a read sees the write before it': async ({
    caller,
    channel,
  }) => {
    const [, first, , second] = await Promise.all([
      publish(caller, { channel, type: 'one' }),
      typesIn(caller, { channel }),
      publish(caller, { channel, type: 'two' }),
      typesIn(caller, { channel }),
    ])
    expect(first.at(0)).toBe('one')
    expect(second).toEqual(['one', 'two'])
  },
} satisfies Record<string, Scenario>
