// What an MCP server of a session wants to know of somebody: it is told, answered by whoever answers first, and cancelled
// when nobody does.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { openSessions } from '../support/sessions.ts'

const timeout = 30_000
const schema = { type: 'object', properties: { choice: { type: 'string' } } }
const asks = `elicit weather ${JSON.stringify(schema)}`

let sessions: Awaited<ReturnType<typeof openSessions>>
beforeAll(async () => {
  sessions = await openSessions()
}, timeout)
afterAll(() => sessions[Symbol.asyncDispose]())

test(
  "an MCP server's question is told, and its answer goes to the server",
  async () => {
    const { connection } = sessions
    const { id, told } = await sessions.spawn(asks)
    const { request, ...rest } = await told.next('elicitation.requested')
    expect(rest).toEqual({ server: 'weather', message: 'Which one?', mode: 'form', schema })
    expect(await sessions.get(id)).toMatchObject({
      status: 'waiting',
      waitsFor: [{ request, tool: 'weather', at: expect.any(Number) }],
    })
    const input = { choice: 'rain' }
    const approved = await sessions.run(['sessions', 'approve', id, '--input', JSON.stringify(input)])
    expect(approved.code).toBe(0)
    expect(await told.next('elicitation.answered')).toMatchObject({
      request,
      action: 'accept',
      content: input,
    })
    const { content } = await told.next('message.said')
    expect(content).toEqual([{ type: 'text', text: JSON.stringify({ action: 'accept', content: input }) }])
    const late = await connection.call('session.answer', { id, request: String(request), allow: false })
    expect(late).toMatchObject({ answered: false })
    told[Symbol.dispose]()
  },
  timeout,
)

test(
  'it is declined by a no, and given up with its session',
  async () => {
    const { connection } = sessions
    const { id, told } = await sessions.spawn(asks)
    await told.next('elicitation.requested')
    await connection.call('session.answer', { id, allow: false })
    expect(await told.next('elicitation.answered')).toMatchObject({ server: 'weather', action: 'decline' })
    const { content } = await told.next('message.said')
    expect(content).toEqual([{ type: 'text', text: '{"action":"decline"}' }])
    await connection.call('session.send', { id, text: asks })
    await told.next('elicitation.requested')
    await connection.call('session.stop', { id })
    expect(await told.next('elicitation.cancelled')).toMatchObject({ why: expect.any(String) })
    told[Symbol.dispose]()
  },
  timeout,
)

test(
  'it is cancelled when nobody answers in time, and the session goes on',
  async () => {
    await using hasty = await openSessions({ config: { sessions: { answerSeconds: 1 } } })
    const { told } = await hasty.spawn(asks)
    const { request } = await told.next('elicitation.requested')
    expect(await told.next('elicitation.cancelled')).toEqual({ request, why: 'Nobody answered it in time' })
    const { content } = await told.next('message.said')
    expect(content).toEqual([{ type: 'text', text: '{"action":"cancel"}' }])
    expect(await told.next('turn.finished')).toMatchObject({ ok: true })
    told[Symbol.dispose]()
  },
  timeout,
)
