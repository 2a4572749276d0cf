// What the photon daemon's clients rely on beyond one conversation: messages that were missed, restarts, the daemon's
// end, namespaces, and the same words on WebSockets.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, rmSync } from 'node:fs'
import { z } from 'zod'
import { openConversation, type Conversation } from '../support/conversation.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'
import { openWebSocket } from '../support/websocket.ts'

let daemon: TestDaemon
let talk: Conversation
let unused = 0
let channel: string

beforeAll(async () => {
  daemon = await startDaemon({ config: { channels: { stored: ['kept', 'kept:*'] } } })
})
afterAll(() => daemon.stop())
beforeEach(() => {
  talk = openConversation(daemon.socket)
  channel = `board:${++unused}`
})

const message = z.object({
  type: z.literal('channel_message'),
  message: z.unknown(),
  eventId: z.int(),
  replay: z.literal(true).optional(),
})

/** Publishes so many stored messages and gives their ids. */
const store = async (count: number, to = channel): Promise<number[]> => {
  const ids: number[] = []
  for (let n = 0; n < count; n++) {
    const answer = await talk.ask('publisher', {
      type: 'publish',
      id: 'p',
      channel: to,
      message: n,
      store: true,
    })
    ids.push(z.object({ eventId: z.int() }).parse(answer).eventId)
  }
  return ids
}

/** The messages up to the answer of the subscription, and the answer. */
const resume = async (name: string, lastEventId: unknown, pattern = channel) => {
  const { write, lines } = await talk.speaker(name)
  await write(`${JSON.stringify({ type: 'subscribe', id: 's', channel: pattern, lastEventId })}\n`)
  const before: unknown[] = []
  for (;;) {
    const frame: unknown = JSON.parse(await lines.next())
    if (z.object({ type: z.literal('result') }).safeParse(frame).success) return before
    before.push(frame)
  }
}

describe('what was missed', () => {
  test('comes first to who says what it heard last, in order, and each once', async () => {
    await using conversation = talk
    const ids = await store(20)
    expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b))
    const missed = z.array(message).parse(await resume('a', ids[4]))
    expect(missed.map((each) => each.message)).toEqual(Array.from({ length: 15 }, (_, n) => n + 5))
    expect(missed.every((each) => each.replay)).toBe(true)
    const [next] = await store(1)
    await conversation.play(`
      a < {"type":"channel_message","id":"ch_${next}","channel":"${channel}","message":0,"eventId":${next}}
      a .`)
  })

  test('comes to prefix:* too, once though a name asks for it as well', async () => {
    await using conversation = talk
    const ids = await store(3, `${channel}:x`)
    const since = (ids[0] ?? 0) - 1
    expect(await resume('a', since, `${channel}:*`)).toHaveLength(3)
    expect(await resume('a', since, `${channel}:x`)).toEqual([])
    await conversation.play('a .')
  })

  test('is more than a page: the answer comes after the first 500, the rest behind it', async () => {
    await using conversation = talk
    const publisher = await conversation.speaker('publisher')
    const requests = Array.from({ length: 1200 }, (_, n) =>
      JSON.stringify({ type: 'publish', id: 'p', channel, message: n, store: true }),
    )
    await publisher.write(`${requests.join('\n')}\n`)
    await publisher.lines.take(1200)
    const first = z.array(message).parse(await resume('a', 0))
    expect(first.length).toBeGreaterThanOrEqual(500)
    const { lines } = await conversation.speaker('a')
    const rest = (await lines.take(1200 - first.length)).map((line) => message.parse(JSON.parse(line)))
    expect([...first, ...rest].map((each) => each.message)).toEqual(Array.from({ length: 1200 }, (_, n) => n))
    await conversation.play('a .')
  })

  test('is not what the same connection published meanwhile', async () => {
    await using conversation = talk
    const ids = await store(3)
    const { write, lines } = await conversation.speaker('a')
    const asked = { type: 'subscribe', id: 's', channel, lastEventId: (ids[0] ?? 0) - 1 }
    const own = { type: 'publish', id: 'p', channel, message: 'own', store: true }
    await write(`${JSON.stringify(asked)}\n${JSON.stringify(own)}\n`)
    expect((await lines.take(5)).map((line) => JSON.parse(line).message ?? JSON.parse(line).id)).toEqual([
      0,
      1,
      2,
      's',
      'p',
    ])
    await conversation.play('a .')
  })

  test('cannot be told from an id that is none of ours: refresh_needed, then the answer', async () => {
    await using _ = talk
    const [id] = await store(1)
    for (const lastEventId of [1795231577633, 'nonsense', -1, 1.5, {}])
      expect(await resume(`a${unused++}`, lastEventId)).toEqual([
        { type: 'refresh_needed', id: 's', channel },
      ])
    for (const lastEventId of [id, `${id}`, `evt_${id}`, null, undefined])
      expect(await resume(`a${unused++}`, lastEventId)).toEqual([])
  })

  test('can be asked for before a first message came: null, and an id of another log, are told where to resume', async () => {
    await using conversation = talk
    const [id] = await store(1)
    await conversation.play(`
      a > {"type":"subscribe","id":"s","channel":"${channel}","lastEventId":null}
      a < {"type":"result","id":"s","success":true,"data":{"subscribed":true,"channel":"${channel}"},"lastEventId":${id}}
      b > {"type":"subscribe","id":"s","channel":"${channel}","lastEventId":1795231577633}
      b < {"type":"refresh_needed","id":"s","channel":"${channel}"}
      b < {"type":"result","id":"s","success":true,"data":{"subscribed":true,"channel":"${channel}"},"lastEventId":${id}}
      c > {"type":"subscribe","id":"s","channel":"${channel}","lastEventId":${id}}
      c < {"type":"result","id":"s","success":true,"data":{"subscribed":true,"channel":"${channel}"}}`)
  })

  test('is read with get_events_since, page by page, each under 64 KiB', async () => {
    await using conversation = talk
    const page = z.object({
      events: z.array(
        z.object({ eventId: z.int(), channel: z.string(), message: z.string(), timestamp: z.int() }),
      ),
      refreshNeeded: z.literal(false),
      more: z.literal(true).optional(),
      lastEventId: z.int().optional(),
    })
    const sent = Array.from({ length: 300 }, (_, n) => `${n} `.padEnd(1000, 'ü'))
    for (const text of sent)
      await conversation.ask('publisher', { type: 'publish', id: 'p', channel, message: text, store: true })
    const read: string[] = []
    let lastEventId: number | undefined = 0
    while (lastEventId !== undefined) {
      const answer = await conversation.ask('a', { type: 'get_events_since', id: 'g', channel, lastEventId })
      expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThan(64 * 1024)
      const { events, lastEventId: next } = page.parse(answer['data'])
      read.push(...events.map((each) => each.message))
      lastEventId = next
    }
    expect(read).toEqual(sent)
    await conversation.play(`
      a > {"type":"get_events_since","id":"g","channel":"${channel}","lastEventId":1795231577633}
      a < {"type":"result","id":"g","success":true,"data":{"events":[],"refreshNeeded":true}}`)
  })

  test('is nothing on a channel that keeps nothing, and all on one of channels.stored', async () => {
    await using conversation = talk
    for (const [name, more] of [
      [channel, ''],
      ['kept', ',"eventId":"#"'],
      ['kept:x', ',"eventId":"#"'],
    ])
      await conversation.play(`
        b > {"type":"publish","id":"p","channel":"${name}","message":1}
        b < {"type":"result","id":"p","success":true,"data":{"published":true,"channel":"${name}"}${more}}`)
    expect(await resume('a', 0)).toEqual([])
    expect(await resume('a', 0, 'kept')).toHaveLength(1)
    expect(await resume('b', 0, 'kept:*')).toHaveLength(1)
  })
})

test('requests of one connection are answered in order, whatever they cost', async () => {
  await using conversation = talk
  const { write, lines } = await conversation.speaker('a')
  const requests = Array.from({ length: 60 }, (_, n) => [
    { type: 'publish', id: `${n}a`, channel, message: n, store: true },
    { type: 'ping', id: `${n}b` },
    { type: 'list_locks', id: `${n}c` },
    { type: 'lock', id: `${n}d`, lockName: `${channel}:${n}` },
    { id: `${n}e`, method: 'event.list', params: { channel, limit: 1 } },
    { type: 'nope', id: `${n}f` },
    { type: 'subscribe', id: `${n}g`, channel },
    { id: `${n}h`, method: 'event.publish', params: { type: 'x', channel: 'elsewhere' } },
  ]).flat()
  await write(`${requests.map((each) => JSON.stringify(each)).join('\n')}\n`)
  const answers = (await lines.take(requests.length)).map((line) =>
    z.object({ id: z.string() }).parse(JSON.parse(line)),
  )
  expect(answers.map(({ id }) => id)).toEqual(requests.map(({ id }) => id))
})

test('who waits in line for a lock is overtaken by what it asks next', async () => {
  await using conversation = talk
  const name = `${channel}:line`
  await conversation.play(`
    a > {"type":"lock","id":"l","sessionId":"a","lockName":"${name}"}
    a < {"type":"result","id":"l","success":true,"data":{"acquired":true,"lockName":"${name}","holder":"a","expiresAt":"#","token":"#"}}
    b > {"id":"w","method":"lock.acquire","params":{"name":"${name}","holder":"b","wait":60000}}
    b .
    a > {"type":"unlock","id":"u","sessionId":"a","lockName":"${name}"}
    a < {"type":"result","id":"u","success":true,"data":{"released":true,"lockName":"${name}"}}`)
  const { lines } = await conversation.speaker('b')
  expect(JSON.parse(await lines.next())).toMatchObject({ id: 'w', result: { acquired: true, holder: 'b' } })
})

test('native calls and photon requests are heard by each other', async () => {
  await using conversation = talk
  await conversation.play(`
    a > {"type":"subscribe","id":"s","channel":"${channel}"}
    a < {"type":"result","id":"s","success":true,"data":{"subscribed":true,"channel":"${channel}"}}
    b > {"id":1,"method":"event.subscribe","params":{"channel":"${channel}"}}
    b < {"id":1,"result":{"subscription":"sub_*","head":"#"}}
    c > {"id":1,"method":"event.publish","params":{"channel":"${channel}","type":"note","data":{"n":1},"transient":true}}
    c < {"id":1,"result":{"ids":[]}}
    a < {"type":"channel_message","id":"ch_*","channel":"${channel}","message":{"n":1}}
    b < {"event":{"at":"#","channel":"${channel}","type":"note","data":{"n":1},"by":"*"},"subscription":"sub_*"}`)
})

test('on a WebSocket the words are the same; on /ws they are not spoken', async () => {
  await using conversation = talk
  const headers = { authorization: `Bearer ${daemon.token}` }
  await using socket = await openWebSocket(`${daemon.url}/`, headers)
  socket.send(`{"type":"subscribe","id":"s","channel":"${channel}"}`)
  expect(await socket.frames.next()).toBe(
    `{"type":"result","id":"s","success":true,"data":{"subscribed":true,"channel":"${channel}"}}`,
  )
  await conversation.ask('b', { type: 'publish', id: 'p', channel, message: { a: 1 } })
  expect(JSON.parse(await socket.frames.next())).toMatchObject({ type: 'channel_message', message: { a: 1 } })
  socket.send('{"type":"lock","id":"l","lockName":7}')
  expect(await socket.frames.next()).toBe('{"type":"error","id":"l","error":"Invalid request format"}')
  socket.send('{"type":"ping","id":"p"}')
  expect(await socket.frames.next()).toBe('{"type":"pong","id":"p"}')
  await using bus = await openWebSocket(`${daemon.url}/ws`, headers)
  bus.send(`{"type":"subscribe","id":"s","channel":"${channel}"}`)
  expect(await bus.untilPong()).toEqual([])
})

test('51: a shutdown is answered, told to the others, and leaves no socket', async () => {
  const ending = await startDaemon()
  await using conversation = openConversation(ending.socket)
  await conversation.play(`
    b > {"type":"subscribe","id":"s","channel":"x"}
    b < {"type":"result","id":"s","success":true,"data":{"subscribed":true,"channel":"x"}}
    n > {"id":1,"method":"event.subscribe","params":{}}
    n < {"id":1,"result":{"subscription":"sub_*","head":"#"}}
    a > {"type":"shutdown","id":"sd"}
    a < {"type":"result","id":"sd","success":true,"data":{"message":"Shutting down"}}
    a < {"type":"shutdown","id":"daemon-shutdown","reason":"daemon-shutting-down"}
    b < {"type":"shutdown","id":"daemon-shutdown","reason":"daemon-shutting-down"}`)
  const native = await conversation.speaker('n')
  expect(await native.lines.next().catch(String)).toContain('closed')
  expect(await ending.exited).toBe(0)
  expect(existsSync(ending.socket)).toBe(false)
  await ending.stop()
})

test('52: after kill -9 the stale socket is replaced, and what was kept is there', async () => {
  const home = temporaryHome()
  const before = await startDaemon({ home })
  try {
    await using first = openConversation(before.socket)
    await first.ask('a', { type: 'lock', id: 'l', sessionId: 's', lockName: 'w', lockTimeout: 600_000 })
    await first.ask('a', { type: 'publish', id: 'p', channel: 'x', message: 1, store: true })
    await before.kill('SIGKILL')
    expect(existsSync(before.socket)).toBe(true)
    await using after = await startDaemon({ home })
    await using second = openConversation(after.socket)
    await second.play(`
      a > {"type":"query_lock","id":"q","lockName":"w"}
      a < {"type":"result","id":"q","success":true,
          "data":{"lockName":"w","holder":"s","acquiredAt":"#","expiresAt":"#"}}
      a > {"type":"subscribe","id":"s","channel":"x","lastEventId":0}
      a < {"type":"channel_message","id":"replay_*","channel":"x","message":1,"eventId":"#","replay":true}
      a < {"type":"result","id":"s","success":true,"data":{"subscribed":true,"channel":"x"}}`)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})

test('57: status is numbers; what has no lock has no holder', async () => {
  await using conversation = talk
  await conversation.play(`
    a > {"type":"status","id":"s"}
    a < {"type":"result","id":"s","success":true,
        "data":{"uptime":"#","memoryMB":"#","sessions":"#","subscriptions":"#","photonsLoaded":"#"}}
    a > {"type":"query_lock","id":"q","lockName":"nobody's"}
    a < {"type":"result","id":"q","success":true,"data":{"lockName":"nobody's","holder":null}}`)
})
