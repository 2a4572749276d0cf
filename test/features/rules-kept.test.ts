// The rules room: what becomes of events whose action fails, and how rules are kept.

import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Params } from '../../src/protocol/api.ts'
import { createPeer } from '../../src/core/peer.ts'
import { temporaryFolder } from '../support/engine.ts'
import { refusal } from '../support/locks-room.ts'
import { me, roomForEach } from '../support/rules-room.ts'

const room = roomForEach()
const { quiet, pass, add, publishes, post, posted, told, ruleOf } = room

describe('an action that fails', () => {
  const failing = {
    name: 'fail',
    kind: 'command',
    command: ['/bin/sh', '-c', 'echo "no disk" >&2; exit 3'],
  } as const

  test('is run again, then the event is set aside, which is told; it can be tried once more', async () => {
    await room.engine.dispatch(me, 'action.add', failing)
    await add({ on: [{ type: 'Stop' }], do: 'fail', retries: 1 })
    const { ids } = await post('Stop')
    await quiet()
    expect(await ruleOf()).toMatchObject({
      state: 'waiting',
      attempts: 1,
      backlog: 1,
      lastFailure: { event: ids[0] },
    })
    await pass(1500)
    expect(await ruleOf()).toMatchObject({ state: 'idle', backlog: 0, setAside: 1, handled: 0 })
    const { aside } = await room.engine.dispatch(me, 'rule.get', { name: 'tell' })
    expect(aside).toMatchObject([{ event: ids[0], attempts: 2, error: expect.stringContaining('no disk') }])
    expect(told('tell').at(-1)).toEqual({
      type: 'rule.set_aside',
      by: 'rule:tell',
      data: {
        event: ids[0],
        attempts: 2,
        error: expect.stringContaining('no disk'),
        cause: `rule:tell/${ids[0]}`,
      },
    })

    expect(await room.engine.dispatch(me, 'rule.retry', { name: 'tell' })).toMatchObject({
      done: [],
      failed: [{ event: ids[0] }],
      left: 1,
    })
    await room.engine.dispatch(me, 'action.add', {
      name: 'fail',
      kind: 'publish',
      channel: 'said',
      replace: true,
    })
    expect(await room.engine.dispatch(me, 'rule.retry', { name: 'tell', event: ids[0] })).toEqual({
      done: [ids[0] ?? ''],
      failed: [],
      left: 0,
    })
    expect(posted('said')).toHaveLength(1)
    expect(told('tell').at(-1)).toMatchObject({ type: 'rule.retried', data: { event: ids[0] } })
    expect(await refusal(room.engine.dispatch(me, 'rule.retry', { name: 'tell', event: ids[0] }))).toBe(
      'not_found',
    )
  })

  test('that is not there yet is waited for, and tried as soon as it is', async () => {
    expect(await add({ on: [{ type: 'Stop' }], do: 'say' })).toMatchObject({ action: false })
    await post('Stop')
    await quiet()
    expect(await ruleOf()).toMatchObject({ lastFailure: { error: 'There is no action "say"' } })
    await publishes('other', 'said')
    await quiet()
    expect(posted('said')).toHaveLength(0)
    await publishes('say', 'said')
    await quiet()
    expect(posted('said')).toHaveLength(1)
  })

  test('can be dropped', async () => {
    await add({ on: [{ type: 'Stop' }], do: 'nothing', retries: 0 })
    await post('Stop')
    await quiet()
    expect(await room.engine.dispatch(me, 'rule.retry', { name: 'tell', drop: true })).toMatchObject({
      left: 0,
    })
    expect(told('tell').at(-1)).toMatchObject({ type: 'rule.dropped' })
  })
})

describe('whoever keeps rules', () => {
  test('adds the same twice, and it is one; another of its name replaces it only when asked, and goes on', async () => {
    await publishes('say', 'said')
    await publishes('call', 'called')
    await add({ on: [{ type: 'Stop' }], do: 'say' })
    expect(await add({ on: [{ type: 'Stop' }], do: 'say' })).toMatchObject({ added: false, replaced: false })
    expect(await refusal(add({ on: [{ type: 'Stop' }], do: 'call' }))).toBe('name_taken')
    await room.engine.dispatch(me, 'rule.pause', { name: 'tell' })
    await post('Stop')
    expect(await add({ on: [{ type: 'Stop' }], do: 'call', replace: true })).toMatchObject({
      added: false,
      replaced: true,
      rule: { state: 'paused', backlog: 1 },
    })
    await room.engine.dispatch(me, 'rule.resume', { name: 'tell' })
    await quiet()
    expect([posted('said').length, posted('called').length]).toEqual([0, 1])
    expect(told('tell').map(({ type }) => type)).toEqual([
      'rule.added',
      'rule.paused',
      'rule.added',
      'rule.resumed',
    ])
  })

  test('replaces one while its action runs: the new one begins when that has ended', async () => {
    using folder = temporaryFolder()
    const gate = join(folder.path, 'gate')
    const slow = `until [ -e '${gate}' ]; do sleep 0.02; done; echo done`
    await room.engine.dispatch(me, 'action.add', {
      name: 'slow',
      kind: 'command',
      command: ['sh', '-c', slow],
    })
    await publishes('say', 'said')
    await add({ on: [{ type: 'Stop' }], do: 'slow' })
    await post('Stop')
    while (posted('action:slow').length < 2) await new Promise((resolve) => setImmediate(resolve))
    await add({ on: [{ type: 'Stop' }], do: 'say', replace: true })
    writeFileSync(gate, '')
    await quiet()
    const order = room.engine.delivered.map(({ channel, type }) => `${channel} ${type}`)
    expect(order.indexOf('action:slow action.finished')).toBeLessThan(order.indexOf('said message'))
    expect(posted('said')).toHaveLength(1)
  })

  test('lets one rest over a restart, sees what waits, and lets it go on', async () => {
    await publishes('say', 'said')
    await add({ on: [{ type: 'Stop' }], do: 'say' })
    expect(await room.engine.dispatch(me, 'rule.pause', { name: 'tell' })).toEqual({ paused: true })
    expect(await room.engine.dispatch(me, 'rule.pause', { name: 'tell' })).toEqual({ paused: false })
    await post('Stop')
    room.again()
    await post('Stop')
    expect(await ruleOf()).toMatchObject({ state: 'paused', backlog: 2 })
    expect(await room.engine.dispatch(me, 'rule.resume', { name: 'tell' })).toEqual({ resumed: true })
    await quiet()
    expect(posted('said')).toHaveLength(2)
  })

  test('removes one with all that it kept', async () => {
    await publishes('say', 'said')
    await add({ on: [{ type: 'Stop' }], do: 'say' })
    expect(await room.engine.dispatch(me, 'rule.remove', { name: 'tell' })).toEqual({ removed: true })
    expect(await room.engine.dispatch(me, 'rule.remove', { name: 'tell' })).toEqual({ removed: false })
    await post('Stop')
    await quiet()
    expect(posted('said')).toEqual([])
    expect(await room.engine.dispatch(me, 'rule.get', { name: 'tell' })).toEqual({ rule: null, aside: [] })
    expect(room.engine.database.query('SELECT count(*) AS n FROM consumers').get()).toEqual({ n: 0 })
    expect(await refusal(room.engine.dispatch(me, 'rule.resume', { name: 'tell' }))).toBe('not_found')
  })

  test.each([
    [{ on: [], do: 'say' }, 'on'],
    [{ on: [{ typ: 'Stop' }], do: 'say' }, 'typ'],
    [
      { on: [{}], do: 'say', filter: 'data.x = 1' },
      'filter: a single = compares nothing: write == at character 8',
    ],
    [{ on: [{}], do: 'say', retries: -1 }, 'retries'],
    [{ on: [{}], do: '' }, 'do'],
    [{ on: [{}], do: 'say', since: 'yesterday' }, 'since'],
  ])('is told what is wrong with %j', async (given, message) => {
    const params: unknown = { name: 'tell', ...given }
    expect(room.engine.dispatch(me, 'rule.add', params as Params<'rule.add'>)).rejects.toThrow(message)
  })

  test('needs the rights of an owner to add or remove one', async () => {
    const writer = createPeer('test:writer', 'write')
    const call = (name: string) => room.engine.dispatch(writer, name, { name: 'tell', on: [{}], do: 'say' })
    expect(await refusal(call('rule.add'))).toBe('forbidden')
    expect(await refusal(call('rule.remove'))).toBe('forbidden')
  })
})
