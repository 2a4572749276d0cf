// A program that offers actions over a socket, in native frames, as a photon's own process would.

import { z } from 'zod'
import { openSocket, type TestSocket } from './socket.ts'

export type Called = {
  args: unknown
  by: string
  /** The result of a method of the room, asked over the same connection. */
  ask: (method: string, params: object) => Promise<unknown>
  prompt: (message: string) => Promise<unknown>
  emit: (data: unknown) => Promise<void>
  /** resolves when the daemon says that nobody waits for the answer any more */
  cancelled: Promise<void>
}

const heard = z.union([
  z.strictObject({ call: z.string(), action: z.string(), args: z.unknown(), by: z.string() }),
  z.strictObject({ cancelled: z.string() }),
  z.strictObject({ id: z.int(), result: z.unknown() }),
  z.strictObject({ id: z.int(), error: z.looseObject({ code: z.string(), message: z.string() }) }),
])

export const offerActions = async (path: string, handlers: Record<string, (called: Called) => unknown>) => {
  const socket: TestSocket = await openSocket(path)
  const answers = new Map<number, PromiseWithResolvers<unknown>>()
  const cancels = new Map<string, () => void>()
  let ids = 0

  const ask = async (method: string, params: object): Promise<unknown> => {
    const id = ++ids
    const answer = Promise.withResolvers<unknown>()
    answers.set(id, answer)
    await socket.write(`${JSON.stringify({ id, method, params })}\n`)
    return await answer.promise
  }

  const handle = async ({
    call,
    action,
    args,
    by,
  }: z.infer<typeof heard> & { call: string; action: string; args: unknown; by: string }) => {
    const cancelled = Promise.withResolvers<void>()
    cancels.set(call, cancelled.resolve)
    const prompt = async (message: string) =>
      z.object({ value: z.unknown() }).parse(await ask('action.prompt', { call, prompt: { message } })).value
    const emit = async (data: unknown) => void (await ask('action.emit', { call, data }))
    try {
      const result = await handlers[action]?.({ args, by, ask, prompt, emit, cancelled: cancelled.promise })
      await ask('action.answer', { call, result })
    } catch (error) {
      await ask('action.answer', {
        call,
        error: error instanceof Error ? error.message : String(error),
      }).catch(() => {})
    }
  }

  const read = async (): Promise<void> => {
    try {
      for (;;) {
        const frame = heard.parse(JSON.parse(await socket.lines.next()))
        if ('call' in frame) void handle(frame)
        else if ('cancelled' in frame) cancels.get(frame.cancelled)?.()
        else if ('error' in frame) answers.get(frame.id)?.reject(new Error(frame.error.code))
        else answers.get(frame.id)?.resolve(frame.result)
      }
    } catch (error) {
      for (const answer of answers.values()) {
        answer.promise.catch(() => {})
        answer.reject(error)
      }
    }
  }
  void read()
  await ask('action.offer', { names: Object.keys(handlers) })
  return { ask, [Symbol.asyncDispose]: () => socket[Symbol.asyncDispose]() }
}
