// Who hears what: each event once for everybody who wants it, in order, whatever begins or ends meanwhile.

import { expect, test } from 'bun:test'
import { filterOf } from '../../src/core/filter.ts'
import { draftOf, openEngine, temporaryFolder } from '../support/engine.ts'
import { openListener } from '../support/listener.ts'

type Wanted = Parameters<typeof filterOf>[1]

/** Posts one event to each channel and says which of them the listener heard. */
const heardBy = async (wanted: Wanted, channels: string[], namespace = ''): Promise<string[]> => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  using listener = await openListener(engine, filterOf(namespace, wanted))
  await Promise.all(channels.map((channel) => engine.log.append(draftOf({ channel }))))
  return listener.heard.map(({ channel }) => channel)
}

const channels = ['events', 'session:a', 'session:ab', 'session:b', 'system:daemon', 'lock:x']

test('a listener hears exact names and prefixes, each event once however many of its patterns mean it', async () => {
  expect(await heardBy({ channel: 'session:a' }, channels)).toEqual(['session:a'])
  expect(await heardBy({ channel: 'session:a*' }, channels)).toEqual(['session:a', 'session:ab'])
  expect(
    await heardBy({ channel: ['session:*', 'session:a*', 'session:ab', 's*', '*', 'session:ab'] }, channels),
  ).toEqual(channels)
  expect(await heardBy({ channel: 'session:a', session: 'b' }, channels)).toEqual([])
})

test('what the daemon writes of itself is heard when it is asked for', async () => {
  expect(await heardBy({}, channels)).toEqual(['events', 'session:a', 'session:ab', 'session:b'])
  expect(await heardBy({ all: true }, channels)).toEqual(channels)
  expect(await heardBy({ channel: 'lock:*' }, channels)).toEqual(['lock:x'])
})

test('namespaces never meet', async () => {
  expect(await heardBy({ all: true }, channels, 'other')).toEqual([])
})

test('a type narrows, and transient events come unless they are declined', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  using typed = await openListener(engine, filterOf('', { type: 'wanted' }))
  using durable = await openListener(engine, filterOf('', {}), { transient: false })
  await Promise.all([
    engine.log.append(draftOf({ type: 'other' })),
    engine.log.emit(draftOf({ type: 'wanted' })),
    engine.log.append(draftOf({ type: 'wanted' })),
  ])
  expect(typed.heard.map(({ seq }) => seq)).toEqual([0, 2])
  expect(durable.heard.map(({ seq }) => seq)).toEqual([1, 2])
})

test('a listener that ends while events are handed out hears no more, and the others hear all', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const opened: { close: () => void }[] = []
  const open = async (channel: string, onEvent?: () => void) => {
    const listener = await openListener(engine, filterOf('', { channel }), { ...(onEvent && { onEvent }) })
    opened.push(listener)
    return listener
  }
  const first = await open('*')
  const second = await open('events', () => {
    for (const listener of opened.slice(0, 3)) listener.close()
  })
  const third = await open('e*')
  const fourth = await open('*')
  await Promise.all([1, 2, 3].map(() => engine.log.append(draftOf())))
  expect(fourth.heard.map(({ seq }) => seq)).toEqual([1, 2, 3])
  expect(second.heard).toHaveLength(1)
  for (const listener of [first, third]) expect(listener.heard.length).toBeLessThanOrEqual(1)
  expect(engine.bus.size).toBe(1)
  fourth.close()
  fourth.close()
  expect(engine.bus.size).toBe(0)
})
