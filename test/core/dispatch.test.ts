// The one way in: who may call what, what a caller is told when something goes wrong, and what stays inside.

import { describe, expect, test } from 'bun:test'
import { api, type MethodName } from '../../src/protocol/api.ts'
import { PaidError } from '../../src/protocol/error.ts'
import type { Access } from '../../src/protocol/method.ts'
import { createDispatch, isMethod, type Handlers } from '../../src/core/dispatch.ts'
import { createPeer } from '../../src/core/peer.ts'
import { openDiary } from '../support/engine.ts'

const unreachable = (): never => {
  throw new Error('no handler should be reached')
}

/** A dispatch whose handlers do as the test says; every one that is reached is noted. */
const openDispatch = (answer: (method: string) => unknown = () => ({})) => {
  const diary = openDiary()
  const reached: string[] = []
  const state = { accepting: true }
  const entries = Object.keys(api).map((name) => [
    name,
    () => {
      reached.push(name)
      return answer(name)
    },
  ])
  const handlers: Handlers = Object.fromEntries(entries)
  const dispatch = createDispatch({
    handlers: () => handlers,
    accepting: () => state.accepting,
    logger: diary.logger,
  })
  return { dispatch, diary, reached, state }
}

const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call
    return 'ok'
  } catch (error) {
    return error instanceof PaidError ? error.code : `not ours: ${String(error)}`
  }
}

const methods: MethodName[] = Object.keys(api).filter(isMethod)
const scopes: Access[] = ['read', 'write', 'admin']

describe('who may call what', () => {
  for (const method of methods)
    for (const [rank, scope] of scopes.entries()) {
      const needs = api[method].access
      const allowed = rank >= scopes.indexOf(needs)
      test(`${method} needs ${needs}: ${scope} is ${allowed ? 'enough' : 'refused'}`, async () => {
        const { dispatch, diary, reached } = openDispatch()
        const peer = createPeer(`test:${scope}`, scope)
        expect(await codeOf(dispatch(peer, method, api[method].example))).toBe(allowed ? 'ok' : 'forbidden')
        expect(reached).toEqual(allowed ? [method] : [])
        const told = diary.entries.map(({ level, message, values }) => ({ level, message, values }))
        const values = { by: `test:${scope}`, method }
        if (!allowed) expect(told).toEqual([{ level: 'warn', message: 'call refused', values }])
        else expect(told).toEqual(needs === 'admin' ? [{ level: 'info', message: 'admin call', values }] : [])
      })
    }

  test('a refused caller is not told whether its parameters were right', async () => {
    const { dispatch } = openDispatch(unreachable)
    const call = dispatch(createPeer('test:reader', 'read'), 'system.stop', { reason: 5 } as never)
    expect(await codeOf(call)).toBe('forbidden')
  })
})

describe('what is asked', () => {
  const peer = createPeer('test:one', 'admin')

  test('names that are no methods are refused, also those that every object has', async () => {
    const { dispatch } = openDispatch(unreachable)
    for (const name of [
      '',
      'event',
      'event.unheard',
      '__proto__',
      'constructor',
      'toString',
      'x'.repeat(100_000),
    ]) {
      const call = dispatch(peer, name, {})
      expect(await codeOf(call)).toBe('unknown_method')
      expect(await call.catch((error: unknown) => String(error).length)).toBeLessThan(300)
    }
  })

  test('parameters that are not valid are refused with the place of what is wrong', async () => {
    const { dispatch } = openDispatch(unreachable)
    const said = (method: string, params: unknown) =>
      dispatch(peer, method, params).catch((e: unknown) => String(e))
    expect(await said('event.list', { limit: 5000 })).toContain('limit: ')
    expect(await said('event.publish', { type: 5 })).toContain('type')
    expect(await said('event.publish', { events: [{ type: 'a' }, { type: '' }] })).toContain('events.1.type')
    expect(await said('event.publish', { events: [{ type: '' }, {}] })).toContain('events.0.type')
    expect(await said('event.publish', { events: [] })).toContain('events: ')
    expect(await said('event.publish', { type: '', origin: 5 })).toContain(': type must not be empty')
    expect(await said('event.list', { since: {} })).toContain('evt_12')
    expect(await said('event.list', { channel: ['a', ''] })).toContain('channel.1: ')
    expect(await said('event.list', { since: 'yesterday' })).toContain('evt_12')
    expect(await said('event.list', 'text')).toContain('object')
    expect(await codeOf(dispatch(peer, 'event.list', []))).toBe('bad_request')
  })

  test('no parameters are an empty object, and defaults are filled in', async () => {
    const { dispatch, reached } = openDispatch()
    expect(await codeOf(dispatch(peer, 'event.list', undefined))).toBe('ok')
    expect(await codeOf(dispatch(peer, 'event.list', null))).toBe('ok')
    expect(reached).toEqual(['event.list', 'event.list'])
  })
})

describe('what goes wrong', () => {
  const peer = createPeer('test:one', 'admin')

  test('an error of the table crosses as it is', async () => {
    const thrown = new PaidError('key_reused', 'said so', 'do that')
    const { dispatch, diary } = openDispatch(() => Promise.reject(thrown))
    const caught = await dispatch(peer, 'event.list', {}).catch((error: unknown) => error)
    expect(caught).toBe(thrown)
    expect(diary.entries).toEqual([])
  })

  test('anything else is internal: details stay in the log, under the id that the caller gets', async () => {
    const secret = new Error('SQLITE: no such table: secrets at /home/somebody/paid.db')
    for (const thrown of [secret, 'a text', undefined, null, { code: 'bad_request' }]) {
      const { dispatch, diary } = openDispatch(() => Promise.reject(thrown))
      const caught = await dispatch(peer, 'event.list', {}).catch((error: unknown) => error)
      expect(caught).toBeInstanceOf(PaidError)
      const shown = JSON.stringify(caught)
      expect(shown).toContain('internal')
      expect(shown).not.toContain('secret')
      const [entry] = diary.entries
      expect(entry).toMatchObject({ level: 'error', values: { during: 'event.list', error: thrown } })
      expect(shown).toContain(`call ${String(entry?.values?.['call'])}`)
    }
  })

  test('a handler that throws at once is no different', async () => {
    const { dispatch } = openDispatch(unreachable)
    expect(await codeOf(dispatch(peer, 'event.list', {}))).toBe('internal')
  })
})

test('while the daemon stops every call is refused, and none is begun', async () => {
  const { dispatch, reached, state, diary } = openDispatch()
  state.accepting = false
  for (const method of [...methods, 'no.such'])
    expect(await codeOf(dispatch(createPeer('test:one', 'read'), method, {}))).toBe('stopping')
  expect(reached).toEqual([])
  expect(diary.entries).toEqual([])
})
