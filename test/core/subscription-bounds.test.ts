// How far a subscription may fall behind, to the event and to the byte, and what happens to it and to others then.

import { expect, test } from 'bun:test'
import { limits } from '../../src/protocol/limits.ts'
import { createPeer, endPeer } from '../../src/core/peer.ts'
import { draftOf, openEngine, temporaryFolder, type Engine } from '../support/engine.ts'
import { openReaderOfStream } from '../support/listener.ts'

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/** A live subscription of a new peer whose socket takes `room` frames. */
const follow = async (engine: Engine, room: number, channel = 'events') => {
  const reader = openReaderOfStream(room)
  const peer = createPeer('test:one', 'read', '', reader.stream)
  const { subscription } = await engine.dispatch(peer, 'event.subscribe', { channel })
  await turn()
  await engine.log.read(() => undefined)
  const seqs = () => reader.heard.map(({ seq }) => seq)
  return { ...reader, peer, subscription, seqs }
}

/** One event a turn, each as large as it is told. */
const post = async (engine: Engine, sizes: number[], channel = 'events'): Promise<void> => {
  for (const size of sizes) {
    await engine.log.append(draftOf({ channel, dataText: JSON.stringify('x'.repeat(size - 2)) }))
    await turn()
  }
}

const bounds = { unsentEvents: 3, unsentBytes: 100 }

test('as many events as the bound may wait; the next one ends the subscription with the seq to resume from', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path, { bounds })
  const slow = await follow(engine, 2)
  await post(engine, [5, 5, 5, 5, 5])
  expect(slow.outbox.size).toBe(3)
  expect(engine.bus.size).toBe(1)
  await post(engine, [5])
  expect(engine.bus.size).toBe(0)
  expect(slow.peer.subscriptions.size).toBe(0)
  slow.read()
  expect(slow.seqs()).toEqual([1, 2])
  expect(slow.lagged).toEqual([{ subscription: slow.subscription, lagged: 2 }])
})

test('bytes are bounded too, and one event larger than the bound passes when nothing else waits', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path, { bounds })
  const exact = await follow(engine, 1)
  const over = await follow(engine, 1, 'over')
  const large = await follow(engine, 1, 'large')
  await post(engine, [5, 50, 50])
  expect(exact.outbox.size).toBe(2)
  await post(engine, [5, 50, 51], 'over')
  await post(engine, [5, 5000], 'large')
  expect(large.outbox.size).toBe(1)
  expect(engine.bus.size).toBe(2)
  for (const reader of [exact, over, large]) reader.read()
  expect(exact.seqs()).toEqual([1, 2, 3])
  expect(over.seqs()).toEqual([4])
  expect(over.lagged).toEqual([{ subscription: over.subscription, lagged: 4 }])
  expect(large.seqs()).toEqual([7, 8])
})

test('one event larger than the bound passes on a socket that others have blocked', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path, { bounds })
  const slow = await follow(engine, 0)
  const other = await engine.dispatch(slow.peer, 'event.subscribe', { channel: 'large' })
  await turn()
  await post(engine, [5])
  await post(engine, [5000], 'large')
  expect(slow.outbox.blocked).toBe(true)
  expect(engine.bus.size).toBe(2)
  await post(engine, [5], 'large')
  expect(engine.bus.size).toBe(1)
  slow.read()
  expect(slow.seqs()).toEqual([1])
  expect(slow.lagged).toEqual([{ subscription: other.subscription, lagged: 0 }])
})

test('transient events that come while it replays follow the replay', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path, { bounds: { unsentEvents: 1000, unsentBytes: 100_000 } })
  await Promise.all(Array.from({ length: 600 }, () => engine.log.append(draftOf())))
  const reader = openReaderOfStream(1)
  const peer = createPeer('test:one', 'read', '', reader.stream)
  await engine.dispatch(peer, 'event.subscribe', { since: 0 })
  await engine.dispatch(peer, 'event.subscribe', { since: 600, transient: false })
  await turn()
  await engine.log.emit(draftOf({ dataText: '"transient"' }))
  while (reader.heard.length < 601) {
    reader.read(100)
    await turn()
  }
  expect(reader.heard.findIndex(({ data }) => data === 'transient')).toBe(600)
})

test('a reader whose socket refuses nothing never falls behind, whatever comes in one turn', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path, { bounds })
  const quick = await follow(engine, Infinity)
  await Promise.all(
    Array.from({ length: 50 }, () => engine.log.append(draftOf({ dataText: `"${'x'.repeat(90)}"` }))),
  )
  await turn()
  expect(quick.seqs()).toEqual(Array.from({ length: 50 }, (_, n) => n + 1))
})

test('a subscription that falls behind ends alone: its connection and its other subscriptions go on', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path, { bounds })
  const slow = await follow(engine, 1)
  const other = await engine.dispatch(slow.peer, 'event.subscribe', { channel: 'other' })
  const quick = await follow(engine, Infinity)
  await turn()
  await post(engine, [5, 5, 5, 5, 5])
  await post(engine, [5], 'other')
  expect(slow.peer.subscriptions.size).toBe(1)
  slow.read()
  expect(slow.lagged).toEqual([{ subscription: slow.subscription, lagged: 1 }])
  expect(slow.heard.map(({ subscription, seq }) => [subscription, seq])).toEqual([
    [slow.subscription, 1],
    [other.subscription, 6],
  ])
  expect(quick.seqs()).toEqual([1, 2, 3, 4, 5])
})

test('a replay waits for its reader and holds one page', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path, { bounds })
  await Promise.all(Array.from({ length: 1000 }, () => engine.log.append(draftOf())))
  const reader = openReaderOfStream(10)
  const peer = createPeer('test:one', 'read', '', reader.stream)
  await engine.dispatch(peer, 'event.subscribe', { since: 0 })
  for (let n = 0; n < 20; n++) await turn()
  expect(reader.heard).toHaveLength(10)
  expect(reader.outbox.size).toBeLessThan(300)
  for (let n = 0; reader.heard.length < 1000 && n < 1000; n++) {
    reader.read(100)
    await turn()
  }
  expect(reader.heard.map(({ seq }) => seq)).toEqual(Array.from({ length: 1000 }, (_, n) => n + 1))
  expect(reader.lagged).toEqual([])
})

test('a replay that cannot read the log is told where to resume', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path, { bounds })
  await engine.log.append(draftOf())
  const reader = openReaderOfStream()
  const peer = createPeer('test:one', 'read', '', reader.stream)
  const { subscription } = await engine.dispatch(peer, 'event.subscribe', {})
  engine.reader.close()
  while (reader.lagged.length === 0) await turn()
  expect(reader.lagged).toEqual([{ subscription, lagged: 1 }])
  expect(engine.bus.size).toBe(0)
})

test('the end of a peer ends its subscriptions, also one that still replays', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path, { bounds })
  await engine.log.append(draftOf())
  const live = await follow(engine, 1)
  await engine.dispatch(live.peer, 'event.subscribe', { since: 0 })
  expect(engine.bus.size).toBe(2)
  endPeer(live.peer)
  live.outbox.close()
  expect(engine.bus.size).toBe(0)
  await post(engine, [5])
  expect(live.heard).toEqual([])
})

test('a peer has so many subscriptions and no more, and none without a way out', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const reader = openReaderOfStream()
  const peer = createPeer('test:one', 'read', '', reader.stream)
  const codeOf = (call: Promise<unknown>) => call.catch((error: unknown) => error)
  for (let n = 0; n < limits.subscriptionsPerPeer; n++) await engine.dispatch(peer, 'event.subscribe', {})
  expect(await codeOf(engine.dispatch(peer, 'event.subscribe', {}))).toHaveProperty(
    'code',
    'too_many_subscriptions',
  )
  await engine.dispatch(peer, 'event.unsubscribe', { subscription: 'sub_1' })
  await engine.dispatch(peer, 'event.subscribe', {})
  const again = engine.dispatch(peer, 'event.unsubscribe', { subscription: 'sub_1' })
  expect(await codeOf(again)).toHaveProperty('code', 'unknown_subscription')
  const silent = engine.dispatch(createPeer('test:two', 'read'), 'event.subscribe', {})
  expect(await codeOf(silent)).toHaveProperty('code', 'no_stream')
  const foreign = engine.dispatch(createPeer('test:two', 'read'), 'event.unsubscribe', {
    subscription: 'sub_2',
  })
  expect(await codeOf(foreign)).toHaveProperty('code', 'unknown_subscription')
})
