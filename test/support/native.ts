// A caller that speaks native frames, over whatever carries texts both ways; and a daemon that can be restarted.

import { rmSync } from 'node:fs'
import { z } from 'zod'
import { event } from '../../src/protocol/event.ts'
import { errorOf, type Caller, type House } from '../conformance/native/stage.ts'
import { startDaemon, temporaryHome, type TestDaemon } from './daemon.ts'
import { createFollowed } from './followed.ts'
import type { Inbox } from './inbox.ts'

export type Texts = AsyncDisposable & { frames: Inbox<string>; send: (text: string) => void | Promise<void> }

const frame = z.union([
  z.strictObject({ id: z.number(), result: z.unknown() }),
  z.strictObject({ id: z.number(), error: z.record(z.string(), z.unknown()) }),
  z.strictObject({ event, subscription: z.string() }),
])

/** @param isOurs false for frames that belong to another dialect on the same connection */
export const createNativeCaller = (texts: Texts, isOurs: (text: string) => boolean = () => true): Caller => {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  const followed = createFollowed()
  let calls = 0

  const take = (text: string): void => {
    const taken = frame.parse(JSON.parse(text))
    if ('event' in taken) {
      followed.push(taken.subscription, taken.event)
      return
    }
    const call = waiting.get(taken.id)
    waiting.delete(taken.id)
    if (!call) throw new Error(`An answer to no call: ${text}`)
    if ('error' in taken) call.reject(errorOf(taken.error))
    else call.resolve(taken.result)
  }

  const read = async (): Promise<void> => {
    try {
      for (;;) {
        const text = await texts.frames.next()
        if (isOurs(text)) take(text)
      }
    } catch (error) {
      for (const call of waiting.values()) call.reject(error)
      followed.endAll(String(error))
    }
  }
  void read()

  const call: Caller['call'] = async (method, params) => {
    const id = ++calls
    const answer = Promise.withResolvers<unknown>()
    waiting.set(id, answer)
    await texts.send(JSON.stringify({ id, method, params }))
    return answer.promise
  }

  return {
    call,
    follow: followed.by(call),
    [Symbol.asyncDispose]: () => texts[Symbol.asyncDispose](),
  }
}

/** A daemon with a home of its own, and a way in. */
export const openDaemonHouse = async (
  connect: (daemon: TestDaemon) => Promise<Caller>,
  ownSubscriptions = 0,
): Promise<House> => {
  const home = temporaryHome()
  let daemon = await startDaemon({ home })
  return {
    connect: () => connect(daemon),
    ownSubscriptions,
    restart: async () => {
      await daemon.kill('SIGKILL')
      daemon = await startDaemon({ home })
    },
    [Symbol.asyncDispose]: async () => {
      await daemon.stop()
      rmSync(home, { recursive: true, force: true })
    },
  }
}
