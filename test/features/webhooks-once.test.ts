// The webhooks room: what is kept, what is done, and that it is done once, whatever ends in between.

import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { limits } from '../../src/protocol/limits.ts'
import { fillDisk, freeDisk } from '../support/full-disk.ts'
import { refusal } from '../support/locks-room.ts'
import { openWebhooksRoom, secret } from '../support/webhooks-room.ts'

let room: Awaited<ReturnType<typeof openWebhooksRoom>>
beforeEach(async () => void (room = await openWebhooksRoom()))
afterEach(() => room[Symbol.dispose]())

describe('a delivery', () => {
  test('that is published is an event of the webhook’s name, and kept in the same commit', async () => {
    await room.add('github', { publish: 'ci' })
    const head = room.engine.log.head
    expect(await room.send('github')).toMatchObject({
      status: 200,
      body: { success: true, data: { eventId: `evt_${head + 1}` } },
    })
    expect(room.eventsOf('github', 'webhook.received')).toEqual([
      {
        type: 'github',
        channel: 'ci',
        namespace: '',
        by: 'webhook:github',
        data: {
          ref: 'x',
          _webhook: {
            method: 'POST',
            headers: { 'x-github-delivery': 'd1' },
            query: {},
            timestamp: room.clocks.wall,
          },
        },
      },
      {
        type: 'webhook.received',
        channel: 'webhook:github',
        namespace: '',
        by: 'webhook:github',
        data: { delivery: 'd1', event: `evt_${head + 1}` },
      },
    ])
  })

  test('that runs an action is on disk before the action begins, and its end before the answer', async () => {
    await room.add('push')
    const told = await room.send('push')
    expect(told.status).toBe(200)
    expect(told.body).toEqual({ success: true, data: expect.objectContaining({ ref: 'x' }) })
    const types = room.engine.delivered.filter(({ seq }) => seq > 0).map(({ type }) => type)
    expect(types.slice(types.indexOf('webhook.received'))).toEqual([
      'webhook.received',
      'action.started',
      'action.finished',
      'webhook.finished',
    ])
    expect(room.eventsOf('action.started')).toEqual([
      expect.objectContaining({
        by: 'webhook:push',
        data: { run: expect.stringMatching(/^run_/), cause: 'webhook:push/d1' },
      }),
    ])
  })

  test('is done once: whoever sends it again is answered as the first time, with another body too', async () => {
    await room.add('push')
    await room.add('ci', { publish: 'ci' })
    await room.add('bad', { do: 'fails' })
    for (const name of ['push', 'ci', 'bad']) {
      const first = await room.send(name)
      expect(await room.send(name, { body: '{"other":1}' })).toEqual(first)
      room.restart()
      expect(await room.send(name)).toEqual(first)
      expect(await room.deliveries(name)).toHaveLength(1)
    }
    expect(room.eventsOf('action.started', 'ci')).toEqual([])
  })

  test('that comes while the disk is full is not taken, and may be sent again', async () => {
    await room.add('push')
    await fillDisk(room.engine)
    expect(await refusal(room.send('push'))).toBe('storage_full')
    freeDisk(room.engine)
    expect(await room.send('push')).toMatchObject({ status: 200 })
    expect(room.eventsOf('action.started')).toHaveLength(1)
  })

  test('whose end the disk does not take is answered when it does, and not done again', async () => {
    await room.add('slow', { do: 'waits' })
    const begun = room.next('action.started')
    const sent = room.send('slow')
    await begun
    await fillDisk(room.engine)
    const refused = room.engine.diary.written('the end of a delivery could not be noted; it is tried again')
    await room.letGo()
    await refused
    freeDisk(room.engine)
    const ended = room.next('webhook.finished')
    await room.pass(1000)
    await ended
    expect(await sent).toMatchObject({ status: 200 })
    expect(await room.send('slow')).toEqual(await sent)
    expect(await room.deliveries('slow')).toMatchObject([{ state: 'done', status: 200 }])
    expect(room.eventsOf('action.started')).toHaveLength(1)
  })

  test('sent many times at one moment is done once, and all are answered the same', async () => {
    await room.add('push')
    await room.add('ci', { publish: 'ci' })
    for (const name of ['push', 'ci']) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => room.send(name)))
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    }
    expect(room.eventsOf('action.started')).toHaveLength(1)
    expect(room.eventsOf('ci')).toHaveLength(1)
  })

  test('of the same id is another one for another webhook, and in another namespace', async () => {
    await room.add('a', { publish: 'ci' })
    await room.add('b', { publish: 'ci' })
    await room.add('a', { publish: 'ci' }, 'kanban')
    for (const [name, namespace] of [
      ['a', ''],
      ['b', ''],
      ['a', 'kanban'],
    ] as const)
      await room.send(name, { namespace })
    expect(room.eventsOf('a', 'b').map(({ namespace, by }) => [namespace, by])).toEqual([
      ['', 'webhook:a'],
      ['', 'webhook:b'],
      ['kanban', 'webhook:a'],
    ])
  })

  test('without an id is done each time', async () => {
    await room.add('header', { scheme: 'header', publish: 'ci' })
    const asked = { name: 'header', headers: { 'x-webhook-secret': secret }, body: '{}' }
    for (let n = 0; n < 2; n++) await room.call(room.ann, 'webhook.receive', asked)
    const ids = (await room.deliveries('header')).map(({ delivery }) => delivery)
    expect(new Set(ids).size).toBe(2)
    for (const id of ids) expect(id).toStartWith('dlv_')
  })

  test('whose action takes longer than its sender waits is told 202, again and again, and goes on', async () => {
    await room.add('slow', { do: 'waits' })
    const began = room.next('action.started')
    const first = room.send('slow')
    await began
    await room.pass(limits.webhookAnswerMs)
    const accepted = { status: 202, body: { success: true, delivery: 'd1' } }
    expect(await first).toMatchObject(accepted)
    expect(await room.send('slow')).toMatchObject(accepted)
    expect(await room.deliveries('slow')).toMatchObject([{ state: 'running', status: 202 }])
    const ended = room.next('webhook.finished')
    await room.letGo()
    await ended
    expect(await room.send('slow')).toMatchObject(accepted)
    expect(await room.deliveries('slow')).toMatchObject([
      { delivery: 'd1', state: 'done', status: 202, runs: [{ state: 'done', by: 'webhook:slow' }] },
    ])
    expect(room.eventsOf('action.started')).toHaveLength(1)
  })

  test('to a webhook that answers at once is a 202 before it is done', async () => {
    await room.add('slow', { do: 'waits', async: true })
    const began = room.next('action.started')
    expect(await room.send('slow')).toMatchObject({ status: 202, body: { success: true, delivery: 'd1' } })
    await began
    const ended = room.next('webhook.finished')
    await room.letGo()
    await ended
    expect(await room.deliveries('slow')).toMatchObject([{ state: 'done', status: 202 }])
  })

  test('that could not begin may be sent again: there was no such action', async () => {
    await room.add('later', { do: 'later' })
    expect((await room.send('later')).status).toBe(500)
    expect(await room.deliveries('later')).toMatchObject([{ state: 'refused' }])
    await room.call(room.ann, 'action.add', { name: 'later', kind: 'publish', channel: 'later' })
    expect((await room.send('later')).status).toBe(200)
    expect(await room.deliveries('later')).toMatchObject([
      { state: 'done', runs: [{ state: 'refused' }, { state: 'done' }] },
    ])
  })

  test('whose answer is long is answered whole, and later by that it was done', async () => {
    await room.add('push')
    const long = await room.send('push', {
      body: JSON.stringify({ text: 'é'.repeat(limits.webhookAnswerBytes / 2) }),
    })
    expect(long.text.length).toBeGreaterThan(limits.webhookAnswerBytes / 2)
    expect((await room.send('push')).body).toEqual({ success: true, delivery: 'd1' })
  })
})

describe('what runs when the daemon ends', () => {
  test('is lost, is told so, and is not run again by its sender', async () => {
    await room.add('slow', { do: 'waits' })
    const began = room.next('action.started')
    const first = refusal(room.send('slow'))
    await began
    room.restart()
    await first
    expect(await room.deliveries('slow')).toMatchObject([{ state: 'lost', runs: [{ state: 'lost' }] }])
    const again = await room.send('slow')
    expect(again).toMatchObject({ status: 500, body: { error: expect.stringContaining('not run again') } })
    room.restart()
    expect(room.eventsOf('action.started', 'webhook.lost')).toEqual([])
    expect(await room.send('slow')).toEqual(again)
  })

  test('is lost too when its sender was told 202, and is told that again', async () => {
    await room.add('slow', { do: 'waits', async: true })
    const began = room.next('action.started')
    const told = await room.send('slow')
    await began
    room.restart()
    expect(await room.send('slow')).toEqual(told)
    expect(await room.deliveries('slow')).toMatchObject([{ state: 'lost', status: 202 }])
  })

  test('can be delivered again by hand, with what was sent', async () => {
    await room.add('slow', { do: 'waits', async: true })
    const began = room.next('action.started')
    await room.send('slow', { body: '{"n":1}' })
    await began
    room.restart()
    await room.call(room.ann, 'webhook.remove', { name: 'slow' })
    await room.add('slow')
    const again = await room.call(room.ann, 'webhook.redeliver', { name: 'slow', delivery: 'd1' })
    expect(again).toMatchObject({ status: 200, answer: { success: true, data: { n: 1 } } })
    expect((await room.send('slow')).status).toBe(200)
    expect(await room.deliveries('slow')).toMatchObject([
      { state: 'done', runs: [{ state: 'lost' }, { state: 'done', by: 'test:ann' }] },
    ])
  })
})

describe('delivering again', () => {
  test('publishes once more what was published', async () => {
    await room.add('ci', { publish: 'ci' })
    await room.send('ci')
    await room.call(room.ann, 'webhook.redeliver', { name: 'ci', delivery: 'd1' })
    const [first, second] = room.eventsOf('ci')
    expect(second).toEqual(first)
    expect(await room.deliveries('ci')).toMatchObject([{ delivery: 'd1', runs: [{}, { by: 'test:ann' }] }])
  })

  test('is refused while it runs, and for what nobody knows', async () => {
    await room.add('slow', { do: 'waits', async: true })
    await room.send('slow')
    const again = (name: string, delivery: string) =>
      refusal(room.call(room.ann, 'webhook.redeliver', { name, delivery }))
    expect(await again('slow', 'd1')).toBe('busy')
    expect(await again('slow', 'd2')).toBe('unknown_delivery')
    expect(await again('nobody', 'd1')).toBe('unknown_webhook')
  })
})
