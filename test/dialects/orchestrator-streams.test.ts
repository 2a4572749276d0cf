// The orchestrator daemon's protocol, case by case: what is said while a session works, to whom, and in which order.
// The numbers are those of the contract.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { TestDaemon } from '../support/daemon.ts'
import { type Frame, openOldClient, textOf } from '../support/orchestrator.ts'
import { startWithClaude } from '../support/sessions.ts'
import { frameOf, opcodes, openWebSocketWire } from '../support/websocket-wire.ts'
import { openWebSocket } from '../support/websocket.ts'

let daemon: TestDaemon
beforeAll(async () => {
  daemon = await startWithClaude({
    args: ['--listen', '127.0.0.1:0,auth=none'],
    config: { sessions: { max: 50 } },
  })
}, 30_000)
afterAll(() => daemon.stop())

const lagged = async (): Promise<number> =>
  JSON.parse((await daemon.run(['call', 'system.status'])).stdout).peers.lagged

const connect = () => openOldClient(daemon.url)

const long = 'a text that comes in more pieces than one, word by word by word'

describe('one task', () => {
  test('29: begins, streams, ends and completes in this order; the chunks are the text', async () => {
    await using client = await connect()
    const { id } = await client.spawn(long)
    await client.status('completed', id)
    const told = client.all
    const chunks = told.filter(({ type }) => type === 'stream_chunk')
    expect(told.map(({ type, session }) => session?.status ?? type)).toEqual([
      'initializing',
      'running',
      'task_executing',
      'stream_start',
      ...chunks.map(({ type }) => type),
      'stream_end',
      'task_completed',
      'completed',
    ])
    expect(textOf(told)).toBe(`heard: ${long}`)
    expect(chunks.length).toBeGreaterThan(2)
    expect(chunks).toEqual(
      chunks.map(({ data }, index) => ({
        type: 'stream_chunk',
        data: { sessionId: id, chunk: data.chunk, metadata: { type: 'text', index } },
      })),
    )
    const taskId = told.find(({ type }) => type === 'task_executing')?.['taskId']
    expect(told.find(({ type }) => type === 'task_completed')).toEqual({
      type: 'task_completed',
      sessionId: id,
      taskId,
      result: `heard: ${long}`,
    })
  })

  test('30: tells of each tool, when it starts and how it ended', async () => {
    await using client = await connect()
    const { id } = await client.spawn('free Read {"path":"/a"}\ntool Write {"path":"/b"}\nsay done')
    await client.status('paused', id)
    const answer = { id, allow: false, message: 'not there' }
    await daemon.run(['call', 'session.answer', JSON.stringify(answer)])
    await client.status('completed', id)
    const timestamp = expect.stringMatching(/Z$/)
    expect(
      client.all.filter(({ type }) => type.startsWith('tool_')).map(({ type, data }) => [type, data]),
    ).toEqual([
      [
        'tool_call_start',
        { sessionId: id, toolName: 'Read', toolInput: { path: '/a' }, status: 'started', timestamp },
      ],
      [
        'tool_call_result',
        { sessionId: id, toolName: 'Read', status: 'completed', result: expect.any(String), timestamp },
      ],
      [
        'tool_call_start',
        { sessionId: id, toolName: 'Write', toolInput: { path: '/b' }, status: 'started', timestamp },
      ],
      [
        'tool_call_result',
        { sessionId: id, toolName: 'Write', status: 'failed', error: 'not there', timestamp },
      ],
    ])
  })

  test('31: what is thought is marked, and is no part of the text', async () => {
    await using client = await connect()
    const thinking = {
      type: 'stream_event',
      event: { type: 'content_block_delta', delta: { type: 'thinking_delta', thinking: 'hm' } },
    }
    const thought = {
      type: 'assistant',
      message: { role: 'assistant', content: [{ type: 'thinking', thinking: 'hm' }] },
      parent_tool_use_id: null,
    }
    const { id } = await client.spawn(
      `line ${JSON.stringify(thinking)}\nline ${JSON.stringify(thought)}\nsay said`,
    )
    await client.status('completed', id)
    expect([textOf(client.all, 'thinking'), textOf(client.all)]).toEqual(['hm', 'said'])
  })

  test('32: characters of several bytes arrive whole', async () => {
    await using client = await connect()
    const text = 'äöü € 😀 '.repeat(400)
    const { id } = await client.spawn(text)
    await client.status('completed', id)
    expect(textOf(client.all)).toBe(`heard: ${text}`)
  })

  test('36: streamResponse false streams nothing, and the result has it all', async () => {
    await using client = await connect()
    const { id } = await client.spawn('first')
    await client.status('completed', id)
    const before = client.all.length
    client.execute(id, long, { streamResponse: false })
    expect((await client.next('task_completed')).result).toBe(`heard: ${long}`)
    await client.status('completed', id)
    const types = client.all.slice(before).map(({ type, session }) => session?.status ?? type)
    expect(types).toEqual(['running', 'task_executing', 'task_completed', 'completed'])
    client.execute(id, 'again')
    await client.next('stream_start')
  })

  test('an id comes back with what becomes of its task', async () => {
    await using client = await connect()
    const { id } = await client.spawn('first')
    await client.status('completed', id)
    client.send({ type: 'execute_task', id: 'q', payload: { sessionId: id, task: 'more' } })
    expect(await client.next('task_executing')).toMatchObject({ id: 'q' })
    expect(await client.next('task_completed')).toMatchObject({ id: 'q', result: 'heard: more' })
  })
})

describe('who hears it', () => {
  test('33, 34: who asked for the session, all the same; others hear of its status alone', async () => {
    await using client = await connect()
    await using second = await connect()
    await using stranger = await connect()
    const { id } = await client.spawn('first')
    await Promise.all([client, second, stranger].map((each) => each.status('completed', id)))
    second.look(id)
    await second.next('session_status_update')
    const marks = [client.all.length, second.all.length]
    client.execute(id, `chunks 50`)
    await Promise.all([client, second, stranger].map((each) => each.status('completed', id)))
    const [first, other] = [client.all.slice(marks[0]), second.all.slice(marks[1])]
    expect(textOf(first)).toContain('48 49')
    expect(other).toEqual(first)
    expect(new Set(stranger.types())).toEqual(new Set(['session_status_update']))
  })

  test('who comes in the middle of a sentence hears it whole when it is finished', async () => {
    await using client = await connect()
    const piece = (text: string) =>
      `line ${JSON.stringify({ type: 'stream_event', event: { type: 'content_block_delta', delta: { type: 'text_delta', text } } })}`
    const said = `line ${JSON.stringify({ type: 'assistant', message: { role: 'assistant', content: [{ type: 'text', text: 'one two' }] } })}`
    const { id } = await client.spawn(`${piece('one ')}\ntool Ask {}\n${piece('two')}\n${said}\nsay three`)
    await client.status('paused', id)
    await using late = await connect()
    late.look(id)
    await using again = await connect()
    again.look(id, { since: 0 })
    await again.next('stream_start')
    await late.next('session_status_update')
    await daemon.run(['call', 'session.answer', JSON.stringify({ id, allow: true })])
    for (const each of [client, late, again]) {
      await each.status('completed', id)
      expect(each.types().filter((type) => type === 'stream_start')).toHaveLength(1)
      expect(textOf(each.all)).toBe('one twothree')
    }
  })

  test('35: one that does not read delays nobody, and is told how it ended when it reads', async () => {
    await using slow = await openWebSocketWire({ url: daemon.url, token: '' }, '/')
    await using client = await connect()
    const { id } = await client.spawn('first')
    await client.status('completed', id)
    slow.say(JSON.stringify({ type: 'session_status', payload: { sessionId: id } }))
    await slow.until(() => slow.texts().length > 0)
    slow.wire.socket.pause()
    const payload = { sessionId: id, task: 'say quietly', streamResponse: false }
    let rounds = 0
    try {
      for (; (await lagged()) === 0; rounds++) {
        client.execute(id, 'long 200000\n'.repeat(8))
        await client.next('task_completed')
        slow.say(JSON.stringify({ type: 'execute_task', id: `q${rounds}`, payload }))
        await client.next('task_completed')
        client.execute(id, 'chunks 3000')
        await client.next('task_completed')
      }
      await client.status('completed', id)
    } finally {
      slow.wire.socket.resume()
    }
    const ended = ({ payload }: { payload: Buffer }) => payload.includes('"status":"completed"')
    await slow.until((frames) => frames.filter(ended).length > 1)
    // of each task it was told, though not of each at once
    const done = (name: string): number =>
      new Set(
        slow
          .texts()
          .flatMap((text) => new RegExp(`"task_completed".*"${name}":"([^"]+)"`).exec(text)?.[1] ?? []),
      ).size
    await slow.until(() => done('taskId') === 3 * rounds)
    expect(done('id')).toBe(rounds)
    expect(slow.texts().filter((text) => text.includes('"chunk":"quietly"'))).toEqual([])
    slow.send(frameOf(opcodes.text, '{"type":"ping","id":9}'))
    await slow.until(() => slow.texts().includes('{"type":"pong","id":9}'))
  }, 60_000)

  test('35: and one that came in the middle of a task is given anew what it heard of it', async () => {
    await using slow = await openWebSocketWire({ url: daemon.url, token: '' }, '/')
    await using client = await connect()
    const { id } = await client.spawn(`tool Ask {}\n${'long 200000\nchunks 300\n'.repeat(60)}say done`)
    await client.status('paused', id)
    slow.say(JSON.stringify({ type: 'session_status', payload: { sessionId: id } }))
    await slow.until(() => slow.texts().length > 1)
    const before = await lagged()
    slow.wire.socket.pause()
    try {
      await daemon.run(['call', 'session.answer', JSON.stringify({ id, allow: true })])
      await client.status('completed', id)
      expect(await lagged()).toBe(before + 1)
    } finally {
      slow.wire.socket.resume()
    }
    await slow.until(() => slow.texts().some((text) => text.includes('"task_completed"')))
    const frames: Frame[] = slow.texts().map((text) => JSON.parse(text))
    const last = frames.findLastIndex(({ type }) => type === 'stream_start')
    const counted = Array.from({ length: 300 }, (_, n) => `${n} `).join('')
    expect(textOf(frames.slice(last))).toBe(`${`${'x'.repeat(200_000)}${counted}`.repeat(60)}done`)
  }, 60_000)

  test('nobody who speaks native calls or photon is told of sessions', async () => {
    await using client = await connect()
    await using native = await openWebSocket(`${daemon.url}/`)
    await using photon = await openWebSocket(`${daemon.url}/`)
    native.send('{"id":1,"method":"event.list","params":{"channel":"nothing","since":0}}')
    await native.frames.next()
    photon.send('{"type":"ping","id":"p"}')
    await photon.frames.next()
    const { id } = await client.spawn('work')
    await client.status('completed', id)
    expect([await native.untilPong(), await photon.untilPong()]).toEqual([[], []])
  })
})
