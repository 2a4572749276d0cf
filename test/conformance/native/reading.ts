// Reading what is stored: pages, cursors, filters.

import { expect } from 'bun:test'
import { list, publish, publishAll, refusal, typesIn, type Scenario } from './stage.ts'

const named = (count: number) => Array.from({ length: count }, (_, n) => `t${n}`)

export const reading = {
  'without since the newest are read, oldest first, a hundred unless the limit says otherwise': async ({
    caller,
    channel,
  }) => {
    await publish(caller, { events: named(120).map((type) => ({ channel, type })) })
    expect(await typesIn(caller, { channel })).toEqual(named(120).slice(20))
    expect(await typesIn(caller, { channel, limit: 3 })).toEqual(['t117', 't118', 't119'])
    expect(await typesIn(caller, { channel, limit: 1000 })).toEqual(named(120))
  },

  'next leads through every event once, and then to those that come later': async ({ caller, channel }) => {
    const { ids } = await publish(caller, { events: named(25).map((type) => ({ channel, type })) })
    const read: string[] = []
    let since: string | number = Number(ids[0]?.slice('evt_'.length)) - 1
    for (;;) {
      const page = await list(caller, { channel, since, limit: 10 })
      read.push(...page.events.map(({ type }) => type))
      since = page.next ?? ''
      if (page.events.length === 0) break
    }
    expect(read).toEqual(named(25))
    await publish(caller, { channel, type: 'later' })
    expect(await typesIn(caller, { channel, since })).toEqual(['later'])
  },

  'since is a number, an id or an ISO time, and exclusive': async ({ caller, channel }) => {
    const ids = await publishAll(caller, channel, ['a', 'b', 'c'])
    const b = ids[1] ?? ''
    expect(await typesIn(caller, { channel, since: b })).toEqual(['c'])
    expect(await typesIn(caller, { channel, since: Number(b.slice('evt_'.length)) })).toEqual(['c'])
    expect(await typesIn(caller, { channel, since: 0 })).toEqual(['a', 'b', 'c'])
    expect(await typesIn(caller, { channel, since: '2020-01-01' })).toEqual(['a', 'b', 'c'])
    expect(await typesIn(caller, { channel, since: '2999-01-01T00:00:00+02:00' })).toEqual([])
    expect(await list(caller, { channel, since: 'evt_9007199254740991' })).toEqual({
      events: [],
      next: 'evt_9007199254740991',
    })
  },

  'a channel is meant exactly, or as a prefix with * at its end': async ({ caller, channel }) => {
    const posted = ['', ':a', ':a1', ':A', ':b', ':a%', ':a_', ':ä', ':a😀', ':a\u{10ffff}']
    for (const end of posted) await publish(caller, { channel: channel + end, type: `of${end}` })
    const read = async (pattern: string) => typesIn(caller, { channel: channel + pattern })
    const of = (...ends: string[]) => ends.map((end) => `of${end}`)
    expect(await read('')).toEqual(of(''))
    expect(await read(':a')).toEqual(of(':a'))
    expect(await read(':a*')).toEqual(of(':a', ':a1', ':a%', ':a_', ':a😀', ':a\u{10ffff}'))
    expect(await read('*')).toEqual(posted.map((end) => `of${end}`))
    expect(await read(':a%')).toEqual(of(':a%'))
    expect(await read(':a_*')).toEqual(of(':a_'))
    expect(await read(':ä*')).toEqual(of(':ä'))
    expect(await read(':a\u{10ffff}*')).toEqual(of(':a\u{10ffff}'))
    expect(await read(':none*')).toEqual([])
  },

  'several patterns are read together, each event once, in order': async ({ caller, channel }) => {
    for (const end of ['1', '2', '1', '3', '2']) await publish(caller, { channel: channel + end, type: end })
    const patterns = [`${channel}1`, `${channel}2*`, `${channel}1*`]
    expect(await typesIn(caller, { channel: patterns })).toEqual(['1', '2', '1', '2'])
  },

  'type and session narrow together': async ({ caller, channel }) => {
    const session = `of-${channel}`
    for (const [at, type] of [
      [`session:${session}`, 'a'],
      [`session:${session}`, 'b'],
      [`session:${session}2`, 'a'],
      [channel, 'a'],
    ] as const)
      await publish(caller, { channel: at, type, data: at })
    expect(await typesIn(caller, { session })).toEqual(['a', 'b'])
    const { events } = await list(caller, { session, type: 'a' })
    expect(events.map(({ data }) => data)).toEqual([`session:${session}`])
  },

  'the daemon’s own affairs are read only when named, or with all': async ({ caller }) => {
    expect(await typesIn(caller, { type: 'system.started' })).toEqual([])
    for (const asked of [{ channel: 'system:daemon' }, { channel: 'sys*' }, { all: true }])
      expect(await typesIn(caller, { ...asked, type: 'system.started', limit: 1 })).toEqual([
        'system.started',
      ])
  },

  'a bad parameter is refused by its name': async ({ caller }) => {
    for (const [params, name] of [
      [{ limit: 0 }, 'limit'],
      [{ limit: 1001 }, 'limit'],
      [{ limit: 1.5 }, 'limit'],
      [{ limit: '5' }, 'limit'],
      [{ since: -1 }, 'since'],
      [{ since: 'evt_' }, 'since'],
      [{ since: 'evt_1x' }, 'since'],
      [{ since: '2026-02-30T99:00:00Z' }, 'since'],
      [{ since: {} }, 'since'],
      [{ channel: '' }, 'channel'],
      [{ channel: 'a*b' }, 'channel'],
      [{ channel: '**' }, 'channel'],
      [{ channel: [] }, 'channel'],
      [{ channel: Array.from({ length: 101 }, () => 'a') }, 'channel'],
      [{ type: '' }, 'type'],
      [{ session: 's'.repeat(257) }, 'session'],
      [{ all: 1 }, 'all'],
    ] as const) {
      const error = await refusal(caller.call('event.list', params))
      expect({ params, code: error.code }).toEqual({ params, code: 'bad_request' })
      expect(error.message).toContain(name)
    }
  },
} satisfies Record<string, Scenario>
