// Actions that a program offers with the client, against the daemon.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { connect, PaidError, type ActionCall, type Client } from '../../src/client/index.ts'
import { openConversation } from '../support/conversation.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'

let daemon: TestDaemon
let paid: Client
let other: Client
beforeAll(async () => {
  daemon = await startDaemon()
  paid = await connect({ socket: daemon.socket })
  other = await connect({ url: daemon.url, token: daemon.token })
})
afterAll(async () => {
  paid?.close()
  other?.close()
  await daemon?.stop()
})

const refusal = async (promise: Promise<unknown>): Promise<{ code?: string; message?: string }> =>
  promise.then(
    () => ({}),
    (error: unknown) => (error instanceof PaidError ? error : { message: String(error) }),
  )

test('a handler gets what the action is run with, and its result is the answer', async () => {
  const calls: Pick<ActionCall, 'name' | 'by'>[] = []
  await using _ = await paid.offer({
    greet: (args, { name, by }) => {
      calls.push({ name, by })
      return `Hello ${String(Object(args).who)}`
    },
    nothing: async () => {},
  })
  expect(await other.call('action.run', { name: 'greet', args: { who: 'Ann' } })).toMatchObject({
    result: 'Hello Ann',
  })
  expect(await other.call('action.run', { name: 'nothing' })).toMatchObject({ result: null })
  expect(calls).toEqual([{ name: 'greet', by: 'ws:token' }])
})

test('what it throws is why the run failed', async () => {
  await using _ = await paid.offer({
    fail: () => {
      throw new TypeError('boom happened')
    },
    circle: () => {
      const circle: Record<string, unknown> = {}
      circle['itself'] = circle
      return circle
    },
  })
  expect(await refusal(other.call('action.run', { name: 'fail' }))).toMatchObject({
    code: 'action_failed',
    message: 'boom happened',
  })
  expect(await refusal(other.call('action.run', { name: 'circle' }))).toMatchObject({ code: 'action_failed' })
})

test('it may ask and tell whoever runs it', async () => {
  await using _ = await paid.offer({
    ask: async (_args, { prompt, emit }) => [
      await emit({ emit: 'status', message: 'asking' }),
      await prompt({ type: 'text', message: 'Name?' }),
    ],
  })
  await using talk = openConversation(daemon.socket)
  await talk.play(`
    a > {"type":"command","id":"c","method":"ask"}
    a < {"type":"emit","id":"c","emitData":{"emit":"status","message":"asking"}}
    a < {"type":"prompt","id":"c","prompt":{"type":"text","message":"Name?"}}
    a > {"type":"prompt_response","id":"c","promptValue":"Ann"}
    a < {"type":"result","id":"c","success":true,"data":[true,"Ann"],"durationMs":"#"}`)
  expect(await other.call('action.run', { name: 'ask' })).toMatchObject({ result: [false, null] })
})

test('a run that takes too long is told so by its signal', async () => {
  const told = Promise.withResolvers<unknown>()
  await using _ = await paid.offer({
    slow: (_args, { signal }) =>
      new Promise(() => signal.addEventListener('abort', () => told.resolve(signal.reason))),
  })
  expect(await refusal(other.call('action.run', { name: 'slow', timeout: 50 }))).toMatchObject({
    code: 'action_timeout',
  })
  expect(await told.promise).toMatchObject({ code: 'action_timeout' })
})

test('a name that another offers is refused; closed, it is free', async () => {
  const offer = await paid.offer({ mine: () => 1 })
  expect(await refusal(other.offer({ mine: () => 2 }))).toMatchObject({ code: 'name_taken' })
  offer.close()
  await offer.ended
  for (;;) {
    const next = await other.offer({ mine: () => 2 }).catch(() => undefined)
    if (!next) continue
    expect(await paid.call('action.run', { name: 'mine' })).toMatchObject({ result: 2 })
    next.close()
    break
  }
})

test('it is offered anew after a restart of the daemon', async () => {
  const home = temporaryHome()
  let own = await startDaemon({ home })
  await using client = await connect({ home })
  await using _ = await client.offer({ still: () => 'here' })
  expect(await client.call('action.run', { name: 'still' })).toMatchObject({ result: 'here' })
  await own.kill('SIGKILL')
  own = await startDaemon({ home })
  await using caller = await connect({ home })
  for (;;) {
    const { action } = await caller.call('action.get', { name: 'still' })
    if (action) break
    await Bun.sleep(20)
  }
  expect(await caller.call('action.run', { name: 'still' })).toMatchObject({ result: 'here' })
  await own.stop()
  rmSync(home, { recursive: true, force: true })
}, 30_000)
