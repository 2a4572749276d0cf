// Once-only: an event posted again under its key is the first event.

import { expect } from 'bun:test'
import { list, publish, refusal, type Scenario } from './stage.ts'

export const once = {
  'a key seen before gives the first event and says so': async ({ caller, channel }) => {
    const event = { channel, type: 'once', data: { n: 1 }, key: `k-${channel}` }
    const first = await publish(caller, event)
    expect(first).toEqual({ ids: [expect.any(String)] })
    expect(await publish(caller, event)).toEqual({ ids: first.ids, duplicate: true })
    expect((await list(caller, { channel })).events).toHaveLength(1)
  },

  'one key at the same moment from many gives one event': async ({ house, caller, channel }) => {
    await using other = await house.connect()
    const event = { channel, type: 'once', key: `k-${channel}` }
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => publish(n % 2 ? caller : other, event)),
    )
    expect(new Set(answers.flatMap(({ ids }) => ids)).size).toBe(1)
    expect(answers.filter(({ duplicate }) => duplicate !== true)).toHaveLength(1)
    expect((await list(caller, { channel })).events).toHaveLength(1)
  },

  'a key with another body is refused, whatever differs': async ({ caller, channel }) => {
    const event = {
      channel,
      type: 'once',
      data: { n: 1 },
      origin: { app: 'a' },
      occurredAt: 5,
      key: `k-${channel}`,
    }
    await publish(caller, event)
    for (const other of [
      { type: 'twice' },
      { data: { n: 2 } },
      { channel: `${channel}2` },
      { origin: { app: 'b' } },
      { occurredAt: 6 },
    ])
      expect((await refusal(publish(caller, { ...event, ...other }))).code).toBe('key_reused')
    expect((await list(caller, { channel: `${channel}*` })).events).toHaveLength(1)
  },

  'a batch has one key: again it gives the same ids, longer, shorter or changed it is refused': async ({
    caller,
    channel,
  }) => {
    const batch = ['a', 'b', 'c'].map((type) => ({ channel, type }))
    const key = `k-${channel}`
    const first = await publish(caller, { events: batch, key })
    expect(first.ids).toHaveLength(3)
    const again = await Promise.all([
      publish(caller, { events: batch, key }),
      publish(caller, { events: batch, key }),
    ])
    for (const answer of again) expect(answer).toEqual({ ids: first.ids, duplicate: true })
    for (const events of [batch.slice(0, 2), [...batch, { channel, type: 'd' }], batch.toReversed()])
      expect((await refusal(publish(caller, { events, key }))).code).toBe('key_reused')
    expect((await list(caller, { channel })).events).toHaveLength(3)
  },

  'a refused post does not use its key up': async ({ caller, channel }) => {
    const key = `k-${channel}`
    await refusal(publish(caller, { channel: 'lock:x', type: 'once', key }))
    await refusal(publish(caller, { events: [{ channel, type: '' }], key }))
    expect(await publish(caller, { channel, type: 'once', key })).toEqual({ ids: [expect.any(String)] })
  },

  'a transient event takes no key': async ({ caller, channel }) => {
    const error = await refusal(publish(caller, { channel, type: 'once', key: 'k', transient: true }))
    expect(error.code).toBe('bad_request')
    expect(error.message).toContain('key')
  },

  'keys and events outlive the daemon': async ({ house, caller, channel }) => {
    const event = { channel, type: 'once', key: `k-${channel}` }
    const batch = {
      events: [
        { channel, type: 'a' },
        { channel, type: 'b' },
      ],
      key: `b-${channel}`,
    }
    const before = [await publish(caller, event), await publish(caller, batch)]
    const events = await list(caller, { channel })
    await house.restart()
    await using again = await house.connect()
    expect(await list(again, { channel })).toEqual(events)
    const after = [await publish(again, event), await publish(again, batch)]
    expect(after).toEqual(before.map(({ ids }) => ({ ids, duplicate: true })))
    const { ids } = await publish(again, { channel, type: 'next' })
    expect(Number(ids[0]?.slice('evt_'.length))).toBeGreaterThan(events.events.at(-1)?.seq ?? 0)
    const follower = await again.follow({ channel, since: events.next ?? '' })
    expect(await follower.next()).toMatchObject({ type: 'next' })
  },
} satisfies Record<string, Scenario>
