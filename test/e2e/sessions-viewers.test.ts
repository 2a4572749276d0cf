// Who watches a session, through every door there is: who reads nothing hurts nobody, who comes late hears what was said.

import { expect, test } from 'bun:test'
import { head, residentMiB } from '../support/http-text.ts'
import { listenTo, openSessions } from '../support/sessions.ts'
import { frameOf, opcodes } from '../support/websocket-wire.ts'
import { openWire, type Wire } from '../support/wire.ts'

const timeout = 60_000

type Sessions = Awaited<ReturnType<typeof openSessions>>

/** Each opens a connection that hears a session, from its beginning if that is wanted, and says what it hears first. */
const doors: Record<
  string,
  (sessions: Sessions, id: string, early: boolean) => Promise<{ wire: Wire; ready: string }>
> = {
  socket: async ({ socket }, id, early) => {
    const wire = await openWire(socket)
    const params = { channel: `session:${id}`, ...(early && { since: 0 }) }
    wire.send(`${JSON.stringify({ id: 1, method: 'event.subscribe', params })}\n`)
    return { wire, ready: '"subscription"' }
  },
  stream: async (sessions, id, early) => {
    const wire = await openWire(sessions.url)
    const path = `/events?channel=session:${id}${early ? '&since=evt_0' : ''}`
    wire.send(head(sessions, 'GET', path, 'accept: text/event-stream'))
    return { wire, ready: ': connected' }
  },
  bus: async (sessions, id, early) => {
    const path = `/ws?channel=session:${id}${early ? '&since=evt_0' : ''}`
    return { wire: await upgraded(sessions, path), ready: 'HTTP/1.1 101' }
  },
  orchestrator: async (sessions, id, early) => {
    const wire = await upgraded(sessions, '/')
    await wire.until('health_check_response')
    const payload = { sessionId: id, ...(early && { since: 0 }) }
    wire.send(frameOf(opcodes.text, JSON.stringify({ type: 'session_status', payload })))
    return { wire, ready: '"session_status_update"' }
  },
}

const upgraded = async (sessions: Sessions, path: string): Promise<Wire> => {
  const wire = await openWire(sessions.url)
  wire.send(
    head(
      sessions,
      'GET',
      path,
      'upgrade: websocket',
      'connection: Upgrade',
      'sec-websocket-version: 13',
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    ),
  )
  await wire.until('\r\n\r\n')
  return wire
}

test(
  '20 viewers that read nothing: another hears all in its order, the session goes on, and memory is bounded',
  async () => {
    await using sessions = await openSessions()
    const { connection } = sessions
    const { id, told } = await sessions.spawn()
    using _ = told
    await using open = new AsyncDisposableStack()
    for (const enter of Object.values(doors))
      for (let n = 0; n < 5; n++) {
        const { wire, ready } = await enter(sessions, id, false)
        open.use(wire)
        await wire.until(ready)
        wire.socket.pause()
      }
    const turns = 40
    for (let turn = 0; turn < turns; turn++) {
      const text = turn % 10 === 0 ? 'chunks 1000' : 'long 250000'
      const { message } = await connection.call('session.send', { id, text })
      await told.next('turn.finished', (data) => data['message'] === message)
    }
    expect((await connection.call('system.status', {})).peers.lagged).toBe(20)
    expect(residentMiB(sessions)).toBeLessThan(512)
    const heard = (type: string) => told.told.filter((each) => each.type === type)
    expect(heard('message.said')).toHaveLength(turns)
    expect(heard('session.chunk').map(({ data }) => data['index'])).toEqual(
      Array.from({ length: 4 }, () => Array.from({ length: 1000 }, (_, index) => index)).flat(),
    )
    await connection.call('session.stop', { id })
    expect(await sessions.get(id)).toMatchObject({ status: 'terminated', turns, failedTurns: 0 })
  },
  timeout,
)

test(
  'who comes late, in the middle of a sentence, hears every sentence that is finished, through every door',
  async () => {
    await using sessions = await openSessions()
    const { id, told } = await sessions.spawn('say This was said before.')
    using _ = told
    await told.next('turn.finished')
    const piece = {
      type: 'stream_event',
      event: { type: 'content_block_delta', delta: { type: 'text_delta', text: 'In the mid' } },
    }
    const said = {
      type: 'assistant',
      message: { role: 'assistant', content: [{ type: 'text', text: 'In the middle.' }] },
    }
    const text = `line ${JSON.stringify(piece)}\ntool Ask {}\nline ${JSON.stringify(said)}\nsay This comes.`
    await sessions.connection.call('session.send', { id, text })
    await told.next('permission.requested')
    await using open = new AsyncDisposableStack()
    const late: Wire[] = []
    for (const enter of Object.values(doors)) {
      const { wire, ready } = await enter(sessions, id, true)
      late.push(open.use(wire))
      await wire.until(ready)
      await wire.until('This was said before.')
    }
    await sessions.connection.call('session.answer', { id, allow: true })
    for (const wire of late) {
      const heard = await wire.until('This comes.')
      const [first, second] = ['This was said before.', 'In the middle.'].map((each) => heard.indexOf(each))
      expect(first).toBeGreaterThan(0)
      expect(second).toBeGreaterThan(first ?? 0)
    }
    using again = await listenTo(sessions, id)
    await again.next('turn.finished')
    await again.next('turn.finished')
    expect(again.told.filter(({ type }) => type === 'message.said')).toHaveLength(3)
  },
  timeout,
)
