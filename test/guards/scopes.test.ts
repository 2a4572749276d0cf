// Guard 23: a scope is checked in one place, for every method there is, before its parameters are looked at; a name
// or an id that was guessed gives no one more.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { api } from '../../src/protocol/api.ts'
import { PaidError } from '../../src/protocol/error.ts'
import type { Access } from '../../src/protocol/method.ts'
import { createDispatch, isMethod, type Dispatch, type Handlers } from '../../src/core/dispatch.ts'
import { createPeer } from '../../src/core/peer.ts'
import { openConnection } from '../../src/client/connection.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { ask, head, statuses } from '../support/http-text.ts'
import { openWebSocketWire } from '../support/websocket-wire.ts'
import { openWire } from '../support/wire.ts'

const scopes: Access[] = ['read', 'write', 'admin']
const methods = Object.entries(api)
const needs = (access: Access) => scopes.indexOf(access)

describe('guard 23: the whole table, in the process', () => {
  const called: string[] = []
  const lines: unknown[] = []
  const note = (message: string, values?: object) => void lines.push({ message, ...values })
  const refuses = () => {
    throw new PaidError('not_found')
  }
  /** Whatever is asked for only says that it was reached, so that a new method is in this test from its first day. */
  const everyHandler: Handlers = new Proxy<Handlers>(Object.create(null), {
    get: (_, name) => () => {
      called.push(String(name))
      return refuses()
    },
  })
  const dispatch: Dispatch = createDispatch({
    logger: { debug: note, info: note, warn: note, error: note },
    accepting: () => true,
    handlers: () => everyHandler,
  })
  const codeOf = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => 'answered',
      (error: unknown) => error instanceof PaidError && error.code,
    )

  const table = methods.flatMap(([name, { access, example }]) =>
    scopes.map((scope) => ({ name, access, example, scope })),
  )
  test.each(table)(
    '$name, which needs $access, called with $scope',
    async ({ name, access, example, scope }) => {
      called.length = 0
      const peer = createPeer('test:peer', scope)
      const allowed = needs(scope) >= needs(access)
      const call: Promise<unknown> = dispatch(peer, name, example)
      expect(await codeOf(call)).toBe(allowed ? 'not_found' : 'forbidden')
      expect(called).toEqual(allowed ? [name] : [])
      // before the parameters: whoever may not call learns nothing of what is wrong with them
      expect(
        await codeOf(
          dispatch(peer, name, { nonsense: 1, events: 'x', limit: -1, subscription: 7, reason: 7, type: 7 }),
        ),
      ).not.toBe(allowed ? 'forbidden' : 'bad_request')
    },
  )

  test('a refusal leaves a line in the log, without the parameters', async () => {
    lines.length = 0
    await codeOf(dispatch(createPeer('test:reader', 'read'), 'event.publish', { type: 'secret' }))
    expect(lines).toEqual([{ message: 'call refused', by: 'test:reader', method: 'event.publish' }])
  })

  test.each(['__proto__', 'constructor', 'toString', 'event', 'event.', 'EVENT.LIST', 'event.list ', ''])(
    '%j is no method for anybody',
    async (name) => {
      expect(isMethod(name)).toBe(false)
      for (const scope of scopes)
        expect(await codeOf(dispatch(createPeer('test:x', scope), name, {}))).toBe('unknown_method')
    },
  )
})

describe('guard 23: over the doors', () => {
  let daemon: TestDaemon
  /** the listener that asks for no token */
  let open: { url: string; token: string }
  beforeAll(async () => {
    daemon = await startDaemon({ args: ['--listen', '127.0.0.1:0', '--listen', '127.0.0.1:0,auth=none'] })
    open = { url: daemon.urls[1] ?? '', token: 'none' }
  })
  afterAll(() => daemon.stop())

  const admin = methods.filter(([, { access }]) => access === 'admin').map(([name]) => name)

  test('there is something that only the owner may do', () => expect(admin).toContain('system.stop'))

  test.each(admin)(
    'without a token %s is forbidden by HTTP and by WebSocket, and nothing happens',
    async (name) => {
      const answer = await ask(open, `/call/${name}`, { method: 'POST', body: '{}' })
      expect(answer.status).toBe(403)
      expect(await answer.json()).toMatchObject({ ok: false, code: 'forbidden' })
      for (const path of ['/', '/ws']) {
        await using socket = await openWebSocketWire(open, path)
        socket.say(`{"id":1,"method":"${name}","params":{}}`)
        await socket.until(() => socket.texts().length > 0)
        expect(socket.texts()[0]).toContain('"code":"forbidden"')
      }
      expect((await ask(daemon, '/ready')).status).toBe(200)
    },
  )

  test('without a token one may post and read; the reserved channels are nobody’s to post to', async () => {
    expect((await ask(open, '/events', { method: 'POST', body: '{"type":"free"}' })).status).toBe(200)
    expect((await ask(open, '/events?type=free')).status).toBe(200)
    for (const to of [open, daemon])
      for (const channel of [
        'system:daemon',
        'lock:a',
        'job:a',
        'webhook:a',
        'action:a',
        'rule:a',
        'machine:a',
      ]) {
        const body = JSON.stringify({ type: 'forged', channel, data: {} })
        const answer = await ask(to, '/call/event.publish', { method: 'POST', body })
        expect({ channel, status: answer.status }).toEqual({ channel, status: 403 })
      }
    await using wire = await openWire(daemon.socket)
    wire.send('{"id":1,"method":"event.publish","params":{"type":"x","channel":"system:daemon"}}\n')
    expect(await wire.until('\n')).toContain('reserved_channel')
  })

  test('a claimed name is marked, and lends no one’s keys or access', async () => {
    const named = (name: string) => ({ 'x-paid-name': name, 'idempotency-key': 'same' })
    const send = async (name: string) =>
      (await ask(open, '/events', { method: 'POST', body: `{"type":"by"}`, headers: named(name) })).text()
    const [one, two, again] = [await send('ann'), await send('bob'), await send('ann')]
    expect(two).not.toBe(one)
    expect(again).toBe(one)
    const { events } = JSON.parse(
      await (await ask(daemon, '/call/event.list', { method: 'POST', body: '{"type":"by"}' })).text(),
    ).result
    expect(events.map(({ by }: { by: string }) => by)).toEqual(['http:ann?', 'http:bob?'])
    const stop = await ask(open, '/call/system.stop', {
      method: 'POST',
      body: '{}',
      headers: named('http:owner'),
    })
    expect(stop.status).toBe(403)
  })

  test('ids in sequence: a subscription of another connection is not there', async () => {
    await using mine = await openConnection(daemon.socket)
    await using other = await openConnection(daemon.socket)
    const { subscription } = await mine.call('event.subscribe', {})
    for (const guess of [subscription, 'sub_1', 'sub_2', '__proto__', ''])
      expect(
        await other.call('event.unsubscribe', { subscription: guess }).catch((error: unknown) => error),
      ).toMatchObject({ code: 'unknown_subscription' })
    expect(await mine.call('event.unsubscribe', { subscription })).toEqual({ ended: true })
  })

  test('the token of one listener is no scope on the other', async () => {
    await using wire = await openWire(open.url)
    wire.send(
      head(
        { url: open.url, token: daemon.token },
        'POST',
        '/call/system.stop',
        'content-type: application/json',
        'content-length: 2',
      ) + '{}',
    )
    expect(statuses(await wire.until('forbidden'))).toEqual([403])
  })
})
