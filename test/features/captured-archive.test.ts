// Conversations that other tools told of: kept in the archive, found, and shown with what they changed; each message once.

import { expect, test } from 'bun:test'
import { createPeer } from '../../src/core/peer.ts'
import { type Engine, openEngine, temporaryFolder } from '../support/engine.ts'

const peer = createPeer('test:cursor', 'admin')

/** The events that tell how much of a session is kept; waits until it is so many messages. */
const kept = (engine: Engine, session: string, messages: number): Promise<void> => {
  const done = Promise.withResolvers<void>()
  const look = async (): Promise<void> => {
    const { session: found } = await engine.dispatch(peer, 'archive.show', { session, limit: 1 })
    if (found.messages >= messages) done.resolve()
  }
  const soon = setInterval(() => void look().catch(() => undefined), 20)
  return done.promise.finally(() => clearInterval(soon))
}

const begin = async (engine: Engine, metadata: Record<string, unknown> = {}) =>
  (await engine.dispatch(peer, 'capture.start', { tool: 'cursor', metadata })).session

const say = (engine: Engine, session: string, role: string, content: string) =>
  engine.dispatch(peer, 'capture.message', { session, role, content })

test('a captured conversation is found, listed, read, and told as a diff', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const session = await begin(engine, { cwd: '/nowhere/zoo', model: 'gpt-9' })
  await say(engine, session, 'user', 'Feed the walrus')
  await say(engine, session, 'assistant', 'The walrus is fed')
  await say(engine, session, 'system', 'not for anybody')
  await engine.dispatch(peer, 'capture.change', {
    session,
    filePath: 'src/zoo.ts',
    before: 'hungry\n',
    after: 'fed\n',
  })
  await engine.dispatch(peer, 'capture.change', { session, filePath: '.env', before: null, after: 'KEY=1' })
  await kept(engine, session, 5)

  const { hits } = await engine.dispatch(peer, 'prompt.search', { text: 'walrus', tool: 'cursor' })
  expect(hits.every((hit) => hit.session === session)).toBe(true)
  expect(hits.map(({ message, text }) => `${message.kind}: ${text}`).sort()).toEqual([
    'answer: The walrus is fed',
    'prompt: Feed the walrus',
  ])
  const { conversations } = await engine.dispatch(peer, 'prompt.list', { repository: '/nowhere/zoo' })
  expect(conversations).toMatchObject([
    {
      session: { id: session, tool: 'cursor', model: 'gpt-9', folder: '/nowhere/zoo' },
      prompt: 'Feed the walrus',
    },
  ])
  const talk = await engine.dispatch(peer, 'archive.show', { session, talk: true })
  expect(talk.messages.map(({ text }) => text)).toEqual(['Feed the walrus', 'The walrus is fed'])
  const { changes } = await engine.dispatch(peer, 'prompt.diff', { session })
  expect(changes).toMatchObject([
    { path: '/nowhere/zoo/src/zoo.ts', patch: '@@ -1 +1 @@\n-hungry\n+fed\n' },
    { path: '/nowhere/zoo/.env', patch: '', withheld: true },
  ])
})

test('what was told while the archive was not asked is kept after a restart, and nothing twice', async () => {
  using folder = temporaryFolder()
  let session = ''
  {
    using engine = openEngine(folder.path)
    session = await begin(engine)
    await say(engine, session, 'user', 'first')
    await kept(engine, session, 1)
    // closed before its turn came
    await say(engine, session, 'assistant', 'second')
  }
  using engine = openEngine(folder.path)
  await kept(engine, session, 2)
  await say(engine, session, 'user', 'third')
  await kept(engine, session, 3)
  const { messages } = await engine.dispatch(peer, 'archive.show', { session })
  expect(messages.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
    'prompt: first',
    'answer: second',
    'prompt: third',
  ])
  const verified = await engine.dispatch(peer, 'archive.verify', {})
  expect(verified.damaged).toEqual([])
}, 30_000)

test('of many messages at once none is left out', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const sessions = await Promise.all([begin(engine), begin(engine), begin(engine)])
  const texts = Array.from({ length: 500 }, (_, at) => `message ${at}`)
  await Promise.all(sessions.flatMap((session) => texts.map((text) => say(engine, session, 'user', text))))
  for (const session of sessions) {
    await kept(engine, session, texts.length)
    const { messages } = await engine.dispatch(peer, 'archive.show', { session, limit: 1000 })
    expect(messages.map(({ text }) => text)).toEqual(texts)
  }
}, 30_000)

test('what others post on a channel that looks like one is not kept, nor what another namespace captures', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  const other = createPeer('test:other', 'admin', 'elsewhere')
  const foreign = (await engine.dispatch(other, 'capture.start', { tool: 'cursor', metadata: {} })).session
  await engine.dispatch(other, 'capture.message', {
    session: foreign,
    role: 'user',
    content: 'walrus elsewhere',
  })
  await engine.dispatch(peer, 'event.publish', {
    channel: 'session:00000000000000ff',
    type: 'message.added',
    data: { role: 'user', content: 'walrus posted' },
  })
  const session = await begin(engine)
  await say(engine, session, 'user', 'walrus captured')
  await kept(engine, session, 1)
  const { hits } = await engine.dispatch(peer, 'prompt.search', { text: 'walrus' })
  expect(hits.map(({ text }) => text)).toEqual(['walrus captured'])
})

test.each(['prompt.search', 'prompt.list', 'prompt.diff'] as const)(
  '%s is not for other namespaces',
  async (method) => {
    using folder = temporaryFolder()
    using engine = openEngine(folder.path)
    const other = createPeer('test:other', 'admin', 'elsewhere')
    const params = { 'prompt.search': { text: 'a' }, 'prompt.list': {}, 'prompt.diff': { session: 'a' } }[
      method
    ]
    expect(await engine.dispatch(other, method as string, params).catch(String)).toContain(
      'not of a namespace',
    )
  },
)
