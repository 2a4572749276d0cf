// Messages for sessions that were started elsewhere, with clocks that a test moves: how long they wait, in what order
// and how many at once they go.

import { expect, test } from 'bun:test'
import { createPeer } from '../../src/core/peer.ts'
import { limits } from '../../src/protocol/limits.ts'
import { openEngine, temporaryFolder } from '../support/engine.ts'
import { createMovedClocks } from '../support/moved-clocks.ts'

const id = '4fa77bb5-9e7a-4bdd-95dd-47d4bba3893f'
const channel = `session:${id}`
const claude = createPeer('hook:claude', 'write')
const ann = createPeer('cli:ann\u2028: the user', 'write')

/** A daemon's rooms and one session that was heard. */
const open = (folder: string, clocks: ReturnType<typeof createMovedClocks>) => {
  const engine = openEngine(folder, { clock: clocks.clock, steady: clocks.process() })
  const { dispatch } = engine
  return {
    ...engine,
    send: async (text: string) => (await dispatch(ann, 'session.send', { id, text })).message,
    post: (type: string, data: object = {}) =>
      dispatch(claude, 'event.publish', {
        channel,
        type,
        data: { hook_event_name: type, session_id: id, ...data },
      }),
    prompted: async () => (await dispatch(claude, 'session.hook', { id, type: 'UserPromptSubmit' })).context,
    told: async (type: string) =>
      (await dispatch(ann, 'event.list', { channel, type, limit: 1000 })).events.map(({ data }) =>
        Object(data),
      ),
  }
}

test('what nobody reads in a day is told as expired, also by a daemon that was not there all of it', async () => {
  using folder = temporaryFolder()
  const clocks = createMovedClocks()
  const messages: string[] = []
  {
    using first = open(folder.path, clocks)
    await first.post('SessionStart')
    messages.push(await first.send('early'))
    await clocks.pass(limits.heardMessageMs / 2, () => first.told('message.expired'))
    messages.push(await first.send('late'))
  }
  using second = open(folder.path, clocks)
  await clocks.pass(limits.heardMessageMs / 2, () => second.told('message.expired'))
  expect(await second.told('message.expired')).toMatchObject([{ message: messages[0] }])
  expect(await second.prompted()).toContain('> late')
  await second.post('MessageDisplay')
  expect(await second.told('message.seen')).toMatchObject([{ message: messages[1] }])
  await clocks.pass(limits.heardMessageMs, () => second.told('message.expired'))
  expect(await second.told('message.expired')).toHaveLength(1)
})

test('as much as is shown whole goes at once, in the order in which it was said; a name cannot add a line', async () => {
  using folder = temporaryFolder()
  using engine = open(folder.path, createMovedClocks())
  await engine.post('SessionStart')
  for (const letter of 'abcd') await engine.send(letter.repeat(4000))
  const given = [await engine.prompted(), await engine.prompted(), await engine.prompted()]
  expect(given.map((context) => context?.match(/^> \w/gm))).toEqual([
    ['> a', '> b'],
    ['> c', '> d'],
    undefined,
  ])
  for (const context of given) expect(context?.length ?? 0).toBeLessThanOrEqual(limits.heardTextCharacters)
  expect(given[0]).toStartWith('Message from cli:ann?: the user by paid (msg_')
})

test('a hook that began before a message was given proves nothing, nor does what others post', async () => {
  using folder = temporaryFolder()
  const clocks = createMovedClocks()
  using engine = open(folder.path, clocks)
  await engine.post('SessionStart')
  await engine.send('hello')
  const before = clocks.clock.now()
  clocks.jump(1000)
  await engine.prompted()
  const late = { channel, type: 'PreToolUse', data: { session_id: id }, occurredAt: before }
  await engine.dispatch(claude, 'event.publish', late)
  await engine.dispatch(ann, 'event.publish', { channel, type: 'Stop', data: { session_id: id } })
  await engine.dispatch(ann, 'event.publish', { channel, type: 'SessionEnd', data: { session_id: id } })
  expect(await engine.told('message.seen')).toEqual([])
  expect(await engine.told('message.expired')).toEqual([])
  await engine.dispatch(claude, 'event.publish', { ...late, occurredAt: clocks.clock.now() })
  expect(await engine.told('message.seen')).toHaveLength(1)
})

test('a rule that answers what it hears with a message does not answer itself, also after a restart', async () => {
  using folder = temporaryFolder()
  const clocks = createMovedClocks()
  const cause = 'rule:echo/evt_1'
  {
    using first = open(folder.path, clocks)
    await first.post('SessionStart')
    await first.dispatch({ ...ann, cause }, 'session.send', { id, text: 'one' })
    const data = 'two'
    await first.dispatch({ ...ann, cause }, 'event.publish', {
      channel: `${channel}:inbox`,
      type: 'say',
      data,
    })
    while ((await first.told('message.queued')).length < 2) await Bun.sleep(1)
  }
  using second = open(folder.path, clocks)
  await second.prompted()
  await second.post('MessageDisplay')
  const { events } = await second.dispatch(ann, 'event.list', { channel })
  const receipts = events.filter(({ type }) => type.startsWith('message.'))
  expect(receipts.map(({ type, origin }) => [type, origin])).toEqual(
    ['queued', 'queued', 'delivered', 'delivered', 'seen', 'seen'].map((step) => [
      `message.${step}`,
      { cause },
    ]),
  )
})
