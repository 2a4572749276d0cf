// Case 49 of the orchestrator's protocol: what was posted for an agent, as JSON and as a stream.

import { describe, expect, test } from 'bun:test'
import { createPeer } from '../../src/core/peer.ts'
import { iso, openAgentsRoom, unauthorized } from '../support/agents-room.ts'

describe('case 49, events', () => {
  const idsIn = (body: unknown) => (body as { events: { id: string }[] }).events.map(({ id }) => id)

  test('come as JSON, oldest first, until they are acknowledged', async () => {
    using room = openAgentsRoom()
    const { accessToken: token } = await room.logIn(await room.keyFor('laptop'))
    const { accessToken: other } = await room.logIn(await room.keyFor('laptop2'))
    const message = { id: 'm1', content: 'hello', channel: { id: 'c1', name: 'general' } }
    const one = await room.post('laptop', 'message_created', { message })
    const two = await room.post('laptop', 'mention', { n: 2 })
    const read = (path = '', who = token) => room.ask('GET', `/api/daemon/events${path}`, { token: who })
    expect((await read()).body).toEqual({
      events: [
        {
          id: one,
          type: 'message_created',
          payload: { message },
          createdAt: iso,
          channelId: 'c1',
          messageId: 'm1',
        },
        { id: two, type: 'mention', payload: { n: 2 }, createdAt: iso },
      ],
    })
    expect(idsIn((await read(`?since=${one}`)).body)).toEqual([two])
    const later = new Date(room.clocks.wall + 1000).toISOString()
    expect(idsIn((await read(`?since=${later}`)).body)).toEqual([])
    expect(idsIn((await read('', other)).body)).toEqual([])
    // another agent acknowledges nothing of this one
    const acknowledge = (who: string, eventIds: string[]) =>
      room.ask('DELETE', '/api/daemon/events', { token: who, body: { eventIds } })
    expect((await acknowledge(other, [one])).body).toEqual({ success: true, acknowledged: 1 })
    expect(idsIn((await read()).body)).toEqual([one, two])
    expect((await acknowledge(token, [one])).body).toEqual({ success: true, acknowledged: 1 })
    expect(idsIn((await read()).body)).toEqual([two])
    expect(idsIn((await read('?since=2000-01-01T00:00:00Z')).body)).toEqual([two])
  })

  test('stream by Accept, from Last-Event-ID, without what was acknowledged, and end with the token', async () => {
    using room = openAgentsRoom()
    const { accessToken: token } = await room.logIn(await room.keyFor('laptop'))
    const one = await room.post('laptop', 'mention', { n: 1 })
    const two = await room.post('laptop', 'mention', { n: 2 })
    const three = await room.post('laptop', 'mention', { n: 3 })
    await room.ask('DELETE', '/api/daemon/events', { token, body: { eventIds: [two] } })
    const follow = async (headers: Record<string, string> = {}) => {
      const response = await room.open('GET', '/api/daemon/events', {
        token,
        headers: { accept: 'text/event-stream', ...headers },
      })
      expect(response.headers.get('content-type')).toStartWith('text/event-stream')
      const reader = (response.body as ReadableStream<Uint8Array>).getReader()
      let text = ''
      return async (wanted: string): Promise<string> => {
        while (!text.includes(wanted)) {
          const { value, done } = await reader.read()
          if (done) return `${text}<end>`
          text += Buffer.from(value).toString()
        }
        return text
      }
    }
    const all = await follow()
    const whole = await all(`id: ${three}`)
    expect(whole).toContain(
      `id: ${one}\nevent: mention\ndata: {"id":"${one}","type":"mention","payload":{"n":1},`,
    )
    expect(whole).not.toContain(`id: ${two}`)
    const rest = await follow({ 'last-event-id': one })
    const live = await room.post('laptop', 'message_created', { n: 4 })
    const after = await rest(`id: ${live}`)
    expect(after).not.toContain(`id: ${one}\n`)
    expect(after).toContain(`id: ${three}\n`)
    await room.ask('DELETE', '/api/daemon', { token })
    expect(await rest('never')).toEndWith('<end>')
    expect(await all('never')).toEndWith('<end>')
    expect(room.streams.size).toBe(0)
    const late = await room.ask('GET', '/api/daemon/events', {
      token,
      headers: { accept: 'text/event-stream' },
    })
    expect([late.status, late.body]).toEqual([401, unauthorized.flat])
  })

  test.each(['its key is taken back', 'its token expires', 'its login is ended'])(
    'stop when %s',
    async (what) => {
      using room = openAgentsRoom()
      const { accessToken: token, sessionId } = await room.logIn(await room.keyFor('laptop'))
      const response = await room.open('GET', '/api/daemon/events', {
        token,
        headers: { accept: 'text/event-stream' },
      })
      const whole = response.text()
      if (what === 'its key is taken back') await room.revoke('laptop')
      else if (what === 'its token expires') await room.pass(3600_000)
      else await room.ask('DELETE', `/api/daemon/sessions?sessionId=${sessionId}`, { token })
      expect(await whole).toStartWith(': connected')
      expect(room.streams.size).toBe(0)
    },
  )
})

test('a connection that follows as an agent goes on when the agent is out, with all else that it has', async () => {
  using room = openAgentsRoom()
  const { accessToken: token } = await room.logIn(await room.keyFor('laptop'))
  const heard: string[] = []
  const peer = createPeer('test:many', 'write', '', {
    blocked: false,
    empty: async () => {},
    send: ({ type }) => void heard.push(type),
    lagged: () => {},
  })
  let ended = false
  peer.onEnd(() => (ended = true))
  await room.engine.dispatch(peer, 'event.subscribe', { channel: 'mine' })
  const { subscription } = await room.engine.dispatch(peer, 'agent.follow', { token })
  expect(subscription).toStartWith('sub_')
  await room.post('laptop', 'mention', {})
  await room.revoke('laptop')
  await room.post('laptop', 'late', {})
  await room.engine.dispatch(peer, 'event.publish', { channel: 'mine', type: 'own' })
  expect(heard).toEqual(['mention', 'own'])
  expect(ended).toBe(false)
  const refused = await room.engine.dispatch(peer, 'agent.follow', { token }).catch(String)
  expect(refused).toContain('The token is not valid')
})
