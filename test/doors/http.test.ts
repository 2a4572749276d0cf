// The HTTP door: `POST /call/{method}` for calls, and `GET /events` as JSON lines where a call would subscribe. Such a
// stream is a connection of its own, so what is about several subscriptions of one caller is not for this door.

import { expect, test } from 'bun:test'
import { z } from 'zod'
import { errors } from '../../src/protocol/error.ts'
import { nativeCalls } from '../conformance/native.ts'
import { errorOf, type Caller } from '../conformance/native/stage.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { createHttp, type LineStream } from '../support/http.ts'
import { openDaemonHouse } from '../support/native.ts'

const answered = z.strictObject({ ok: z.literal(true), result: z.unknown() })
const refused = z.strictObject({
  ok: z.literal(false),
  error: z.string(),
  code: z.string(),
  hint: z.string(),
})

const pushed = z.looseObject({ id: z.string().optional(), type: z.string(), metadata: z.unknown() })

/** Blank lines only keep the connection awake. */
const nextLine = async ({ lines }: LineStream): Promise<string> => {
  for (;;) {
    const line = await lines.next()
    if (line !== '') return line
  }
}

const connect = async ({ url, token }: TestDaemon): Promise<Caller> => {
  const http = createHttp(url, { token })
  const streams: LineStream[] = []
  return {
    call: async (method, params) => {
      const answer = await http.post(`/call/${method}`, params === undefined ? '' : JSON.stringify(params))
      if (answer.status === 200) return answered.parse(answer.json()).result
      const { error: message, code, hint } = refused.parse(answer.json())
      const error = errorOf({ code, message, hint })
      expect(answer.status).toBe(errors[error.code].status)
      throw error
    },
    follow: async ({ channel, since, ...params }) => {
      const query = new URLSearchParams({ follow: '1' })
      for (const pattern of [channel ?? []].flat()) query.append('channel', pattern)
      for (const [name, value] of Object.entries(params)) query.set(name, String(value))
      // a stream without a beginning shows the newest; a subscription without one shows none
      if (since === undefined) query.set('replay', String(params.replay ?? 0))
      else query.set('since', typeof since === 'number' ? `evt_${since}` : since)
      const stream = await http.stream(`/events?${query.toString()}`, { accept: 'application/x-ndjson' })
      expect(stream.status).toBe(200)
      streams.push(stream)
      return {
        subscription: '',
        next: async () => {
          const { id, type, metadata } = pushed.parse(JSON.parse(await nextLine(stream)))
          return { type, data: metadata, ...(id !== undefined && { id }) }
        },
        end: async () => {
          await stream[Symbol.asyncDispose]()
        },
      }
    },
    [Symbol.asyncDispose]: async () => {
      for (const stream of streams) await stream[Symbol.asyncDispose]()
    },
  }
}

nativeCalls('HTTP', () => openDaemonHouse(connect), {
  without: [
    'calls sent without waiting are done in their order: a read sees the write before it',
    'with transient: false only stored events are heard',
    'a subscription is ended by its own connection alone',
    'one caller has so many subscriptions and not one more',
    'a bad parameter of a subscription is refused by its name',
  ],
})

test('a call to subscribe over HTTP is refused, and the refusal names what carries one', async () => {
  await using daemon = await startDaemon()
  const answer = await createHttp(daemon.url, { token: daemon.token }).post('/call/event.subscribe', {})
  expect(answer.status).toBe(400)
  expect(answer.json()).toMatchObject({ code: 'no_stream', hint: expect.stringContaining('GET /events') })
})
