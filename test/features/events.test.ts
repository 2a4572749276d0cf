// Posting and reading events as a caller does: what comes back, from where, and what is refused.

import { expect, test } from 'bun:test'
import type { Params } from '../../src/protocol/api.ts'
import { createPeer } from '../../src/core/peer.ts'
import { openEngine, temporaryFolder, type Engine } from '../support/engine.ts'

const peer = createPeer('test:one', 'write')

const post = (engine: Engine, params: Params<'event.publish'>) =>
  engine.dispatch(peer, 'event.publish', params)

const list = async (engine: Engine, params: Params<'event.list'>) => {
  const { events, next } = await engine.dispatch(peer, 'event.list', params)
  return { ids: events.map(({ seq }) => seq ?? 0), next }
}

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'ok',
    (error: unknown) => String(error instanceof Error && 'code' in error ? error.code : error),
  )

test('an event comes back as it was sent, with its number, its arrival and its author', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path, { clock: { now: () => 1000 } })
  const data = { text: 'é😀\u2028 "quoted" \\', nested: [1, null, { a: 1e21 }] }
  await post(engine, { type: 'built', data, occurredAt: -5, origin: { source: 'ci' }, key: 'k' })
  await post(engine, { type: 'empty', channel: 'mine', data: undefined })
  const { events } = await engine.dispatch(peer, 'event.list', {})
  expect(JSON.parse(JSON.stringify(events))).toEqual([
    {
      seq: 1,
      id: 'evt_1',
      at: 1000,
      occurredAt: -5,
      channel: 'events',
      type: 'built',
      data,
      origin: { source: 'ci' },
      by: 'test:one',
      key: 'test:one k',
    },
    { seq: 2, id: 'evt_2', at: 1000, channel: 'mine', type: 'empty', data: {}, by: 'test:one' },
  ])
})

test('the newest are read when no cursor is given, and next reads on', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  expect(await list(engine, {})).toEqual({ ids: [], next: undefined })
  for (let n = 0; n < 5; n++) await post(engine, { type: 'counted', data: n })
  expect(await list(engine, { limit: 2 })).toEqual({ ids: [4, 5], next: 'evt_5' })
  expect(await list(engine, { since: 0, limit: 2 })).toEqual({ ids: [1, 2], next: 'evt_2' })
  expect(await list(engine, { since: 'evt_2', limit: 2 })).toEqual({ ids: [3, 4], next: 'evt_4' })
  expect(await list(engine, { since: 4 })).toEqual({ ids: [5], next: 'evt_5' })
  expect(await list(engine, { since: 'evt_5' })).toEqual({ ids: [], next: 'evt_5' })
})

test('a time is a cursor by arrival: what came at or before it is left out', async () => {
  using folder = temporaryFolder()
  let now = Date.parse('2026-01-01T00:00:00Z')
  using engine = openEngine(folder.path, { clock: { now: () => now } })
  for (let n = 0; n < 4; n++) {
    await post(engine, { type: 'timed', data: n })
    now += 1000
  }
  expect((await list(engine, { since: '2026-01-01T00:00:01Z' })).ids).toEqual([3, 4])
  expect((await list(engine, { since: '2026-01-01T00:00:00.999Z' })).ids).toEqual([2, 3, 4])
  expect((await list(engine, { since: '2025-12-31' })).ids).toEqual([1, 2, 3, 4])
  expect((await list(engine, { since: '2027-01-01T00:00:00Z' })).ids).toEqual([])
  for (const since of ['', 'evt_', 'evt_-1', 'evt_01', 'evt_1 ', 'soon', '2026-13-01', -1, 1.5])
    expect(await codeOf(list(engine, { since }))).toBe('bad_request')
})

test('the channels of the daemon are its own', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  for (const channel of [
    'system:',
    'system:daemon',
    'lock:a',
    'job:a',
    'webhook:a',
    'action:a',
    'rule:a',
    'machine:a',
  ]) {
    expect(await codeOf(post(engine, { type: 'a', channel, data: 1 }))).toBe('reserved_channel')
    expect(await codeOf(post(engine, { type: 'a', channel, data: 1, transient: true }))).toBe(
      'reserved_channel',
    )
  }
  expect(await codeOf(post(engine, { type: 'a', channel: 'systems', data: 1 }))).toBe('ok')
  expect(engine.log.head).toBe(1)
  expect(engine.delivered).toHaveLength(1)
})

test('names are bounded in bytes and hold whole, printable characters', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const outcome = (params: { type?: string; channel?: string; key?: string }) =>
    codeOf(post(engine, { type: 'a', data: 1, ...params }))
  const edges: ['type' | 'channel' | 'key', number][] = [
    ['type', 256],
    ['channel', 512],
    ['key', 512],
  ]
  for (const [name, bytes] of edges) {
    expect(await outcome({ [name]: 'é'.repeat(bytes / 2) })).toBe('ok')
    for (const bad of [
      '',
      'x'.repeat(bytes + 1),
      `${'é'.repeat(bytes / 2)}x`,
      'a\nb',
      '\u001b[2J',
      '\ud800',
      'a\0',
    ])
      expect(await outcome({ [name]: bad })).toBe('bad_request')
  }
  expect(engine.log.head).toBe(3)
})

test('a batch is bounded, and nests as deep as JSON goes or says that it does not', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const events = Array.from({ length: 1001 }, () => ({ type: 'a', data: 1 }))
  expect(await codeOf(post(engine, { events }))).toBe('bad_request')
  expect(await codeOf(post(engine, { events: [] }))).toBe('bad_request')
  expect(await codeOf(post(engine, { events: events.slice(1) }))).toBe('ok')
  let deep: unknown = 1
  for (let n = 0; n < 100_000; n++) deep = [deep]
  expect(['ok', 'bad_request']).toContain(
    await codeOf(post(engine, { type: 'a', channel: 'session:deep', data: deep })),
  )
  expect(engine.log.lostGroups).toBe(0)
  expect(engine.log.writable).toBe(true)
})
