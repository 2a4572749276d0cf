// What the daemon says of itself, and how it refuses what it does not know.

import { expect } from 'bun:test'
import { api } from '../../../src/protocol/api.ts'
import { publish, refusal, status, type Scenario } from './stage.ts'

export const asking = {
  'system.methods names every method, with schemas and an example': async ({ caller }) => {
    const { methods } = api['system.methods'].result().parse(await caller.call('system.methods'))
    expect(methods.map(({ name }) => name).sort()).toEqual(Object.keys(api).sort())
    for (const { params, result, summary } of methods) {
      expect(summary.length).toBeGreaterThan(5)
      expect(params).not.toEqual({})
      expect(result).toMatchObject({ type: 'object' })
    }
  },

  'system.status counts what was posted': async ({ caller, channel }) => {
    const before = await status(caller)
    await publish(caller, {
      events: [
        { channel, type: 'counted' },
        { channel: `session:${channel}`, type: 'counted' },
      ],
    })
    await publish(caller, { channel, type: 'counted', transient: true })
    const { log } = await status(caller)
    expect(log.head).toBe(before.log.head + 2)
    expect(log.events).toBe(before.log.events + 2)
    expect(log.sessions).toBe(before.log.sessions + 1)
    expect(log.types['counted']).toBe((before.log.types['counted'] ?? 0) + 2)
    expect(log.writable).toBe(true)
  },

  'session.list has the session that was heard last first': async ({ caller, channel }) => {
    const data = { cwd: '/somewhere', prompt: 'first line\nsecond line' }
    const { ids } = await publish(caller, { channel: `session:${channel}`, type: 'UserPromptSubmit', data })
    const { sessions } = api['session.list'].result().parse(await caller.call('session.list', { limit: 1 }))
    expect(sessions).toMatchObject([
      {
        id: channel,
        folder: '/somewhere',
        title: 'first line',
        events: 1,
        firstEvent: ids[0],
        lastEvent: ids[0],
      },
    ])
  },

  'a method that does not exist is refused by its name': async ({ caller }) => {
    for (const name of [
      'nope',
      'event',
      'event.Publish',
      'constructor',
      '__proto__',
      'toString',
      'hasOwnProperty',
    ]) {
      const error = await refusal(caller.call(name, {}))
      expect({ name, code: error.code }).toEqual({ name, code: 'unknown_method' })
      expect(error.message).toContain(JSON.stringify(name))
    }
  },

  'parameters that are no object are refused, and none are as good as {}': async ({ caller }) => {
    for (const params of [[], 'text', 5, true])
      expect((await refusal(caller.call('system.status', params))).code).toBe('bad_request')
    for (const params of [undefined, null, {}]) await caller.call('system.methods', params)
  },

  'a refusal says what to do, and nothing about the inside': async ({ caller }) => {
    for (const [method, params] of [
      ['nope', {}],
      ['event.list', { limit: 0 }],
      ['event.publish', { channel: 'system:x', type: 'x' }],
    ] as const) {
      const { message, hint } = await refusal(caller.call(method, params))
      expect(message.length).toBeGreaterThan(10)
      expect(hint.length).toBeGreaterThan(10)
      expect(`${message} ${hint}`).not.toMatch(/\.ts\b|node_modules|\bat \w+ \(|SQLITE/)
    }
  },
} satisfies Record<string, Scenario>
