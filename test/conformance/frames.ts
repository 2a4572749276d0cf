// NATIVE FRAMES, for doors that carry them: what stands in them, and in which order they come.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import type { Texts } from '../support/native.ts'

export const nativeFrames = (door: string, connect: (daemon: TestDaemon) => Promise<Texts>): void =>
  describe(`native frames over ${door}`, () => {
    let daemon: TestDaemon
    beforeAll(async () => {
      daemon = await startDaemon()
    })
    afterAll(() => daemon.stop())

    const ask = async ({ send, frames }: Texts, frame: object): Promise<unknown> => {
      await send(JSON.stringify(frame))
      return JSON.parse(await frames.next())
    }

    test('an id is a text or a number, and comes back as it was sent', async () => {
      await using texts = await connect(daemon)
      for (const id of [
        '1',
        '"1"',
        '0',
        '-1',
        '1.5',
        '9007199254740991',
        '""',
        '"ä😀\\n\\"quoted\\""',
        '"__proto__"',
      ]) {
        await texts.send(`{"id":${id},"method":"event.list","params":{"channel":"nothing","since":0}}`)
        expect(await texts.frames.next()).toBe(`{"id":${id},"result":{"events":[],"next":"evt_0"}}`)
        await texts.send(`{"params":{},"method":"nope","id":${id}}`)
        expect(await texts.frames.next()).toStartWith(`{"id":${id},"error":{"code":"unknown_method"`)
      }
    })

    test('an error has a code, a message and a hint, and nothing else', async () => {
      await using texts = await connect(daemon)
      const answer = await ask(texts, { id: 1, method: 'event.list', params: { limit: 0 } })
      expect(answer).toEqual({
        id: 1,
        error: { code: 'bad_request', message: expect.stringContaining('limit'), hint: expect.any(String) },
      })
    })

    test('calls sent without waiting are all answered, in their order', async () => {
      await using texts = await connect(daemon)
      const count = 3000
      for (let n = 0; n < count; n++)
        void texts.send(`{"id":${n},"method":"event.list","params":{"limit":1}}`)
      const frames = await texts.frames.take(count)
      const ids = frames.map(
        (frame) => z.object({ id: z.number(), result: z.unknown() }).parse(JSON.parse(frame)).id,
      )
      expect(ids).toEqual(Array.from({ length: count }, (_, n) => n))
    })

    test('the answer that names a subscription comes before its first event, each event under its name', async () => {
      await using texts = await connect(daemon)
      await ask(texts, { id: 1, method: 'event.publish', params: { channel: 'order', type: 'old' } })
      const subscribe = { method: 'event.subscribe', params: { channel: 'order', since: 0 } }
      const named = z.object({
        id: z.string(),
        result: z.strictObject({ subscription: z.string(), head: z.int() }),
      })
      const first = named.parse(await ask(texts, { id: 'first', ...subscribe }))
      const pushed = z.strictObject({ event: z.looseObject({ type: z.string() }), subscription: z.string() })
      expect(pushed.parse(JSON.parse(await texts.frames.next()))).toMatchObject({
        event: { type: 'old', channel: 'order' },
        subscription: first.result.subscription,
      })
      const second = named.parse(await ask(texts, { id: 'second', ...subscribe }))
      expect(second.result.subscription).not.toBe(first.result.subscription)
      await texts.frames.next()
      await texts.send('{"id":2,"method":"event.publish","params":{"channel":"order","type":"new"}}')
      const [one, two, answer] = (await texts.frames.take(3)).map((frame) => JSON.parse(frame))
      expect(new Set([pushed.parse(one).subscription, pushed.parse(two).subscription])).toEqual(
        new Set([first.result.subscription, second.result.subscription]),
      )
      // told before it is answered: the poster is the last to know
      expect(answer).toMatchObject({ id: 2, result: { ids: [expect.any(String)] } })
    })
  })
