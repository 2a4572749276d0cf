// What a session's row says of it: always what its events said, in the same commit, and again after a lost one.

import { expect, test } from 'bun:test'
import { createPeer } from '../../src/core/peer.ts'
import type { Draft } from '../../src/core/log-event.ts'
import { draftOf, openEngine, temporaryFolder, type Engine } from '../support/engine.ts'

const reader = createPeer('test:reader', 'read')

const sessions = async (engine: Engine, limit?: number) =>
  (await engine.dispatch(reader, 'session.list', { ...(limit !== undefined && { limit }) })).sessions

const event = (id: string, type: string, data: object = {}): Draft =>
  draftOf({ channel: `session:${id}`, type, dataText: JSON.stringify(data) })

const tell = async (drafts: Draft[], together: boolean) => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  if (together) await Promise.all(drafts.map((draft) => engine.log.append(draft)))
  else for (const draft of drafts) await engine.log.append(draft)
  const [session] = await sessions(engine)
  return session
}

test.each([true, false])(
  'a session has the folder it said last and its own title, in one group: %p',
  async (together) => {
    const told = await tell(
      [
        event('a', 'SessionStart', { cwd: '/one' }),
        event('a', 'UserPromptSubmit', { prompt: '  \nFix the tests\nplease', cwd: '/one' }),
        event('a', 'PreToolUse', { cwd: '/not/looked/at' }),
        event('a', 'CwdChanged', { cwd: '/one', new_cwd: '/two' }),
        event('a', 'UserPromptSubmit', { prompt: 'And now something else' }),
        event('a', 'Stop'),
      ],
      together,
    )
    expect(told).toMatchObject({
      id: 'a',
      folder: '/two',
      title: 'Fix the tests',
      events: 6,
      lastType: 'Stop',
    })
    expect(told).toMatchObject({ firstEvent: 'evt_1', lastEvent: 'evt_6' })
    const given = await tell(
      [
        event('a', 'UserPromptSubmit', { prompt: 'Fix' }),
        event('a', 'SessionStart', { session_title: 'Given' }),
        event('a', 'UserPromptSubmit', { prompt: 'More' }),
      ],
      together,
    )
    expect(given?.title).toBe('Given')
  },
)

test('of a session whose beginning was not heard, its first event is looked into', async () => {
  const told = await tell(
    [event('a', 'PreToolUse', { cwd: '/one' }), event('a', 'Stop', { cwd: '/two' })],
    false,
  )
  expect(told?.folder).toBe('/one')
})

test('a first event that a full disk refused tells its folder when it is posted again', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  await engine.log.append(draftOf())
  engine.database.query('PRAGMA max_page_count = 1').get()
  const first = event('a', 'PreToolUse', { cwd: '/one', padding: 'x'.repeat(500_000) })
  expect(await engine.log.append(first).catch(String)).toContain('cannot be written')
  engine.database.query('PRAGMA max_page_count = 4294967294').get()
  expect(await sessions(engine)).toEqual([])
  await engine.log.append(first)
  expect((await sessions(engine)).map((session) => session.folder)).toEqual(['/one'])
})

test('a summary that could not be written beside its event is made up', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  await engine.log.read(() => undefined)
  const refuse = "CREATE TRIGGER refuse BEFORE INSERT ON counters BEGIN SELECT raise(ABORT, 'no'); END"
  engine.database.run(refuse)
  await engine.log.append(event('a', 'PreToolUse', { cwd: '/one' }))
  expect(await sessions(engine).catch(String)).toContain('cannot be written')
  engine.database.run('DROP TRIGGER refuse')
  expect((await sessions(engine)).map((session) => session.folder)).toEqual(['/one'])
})

test('the list begins with the session that was heard last, also within one group, and after a restart', async () => {
  using folder = temporaryFolder()
  {
    using engine = openEngine(folder.path)
    for (const id of ['a', 'b', 'c']) await engine.log.append(event(id, 'Stop'))
    await Promise.all(['a', 'b', 'a'].map((id) => engine.log.append(event(id, 'Stop'))))
    expect((await sessions(engine)).map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    expect((await sessions(engine, 1)).map(({ id }) => id)).toEqual(['a'])
    expect((await sessions(engine, 2)).map(({ id }) => id)).toEqual(['a', 'b'])
  }
  using again = openEngine(folder.path)
  expect((await sessions(again, 2)).map(({ id }) => id)).toEqual(['a', 'b'])
  await again.log.append(event('c', 'Stop', { cwd: '/three' }))
  const [newest] = await sessions(again, 1)
  expect(newest).toMatchObject({ id: 'c', events: 2, folder: '/three', firstEvent: 'evt_3' })
})

test('odd payloads tell nothing and harm nothing', async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  for (const dataText of ['null', '[]', '"text"', '12', '{"cwd":5,"prompt":{}}', '{"prompt":""}'])
    await engine.log.append(draftOf({ channel: 'session:a', type: 'UserPromptSubmit', dataText }))
  await engine.log.append(event('a', 'UserPromptSubmit', { prompt: `${'x'.repeat(79)}😀 and more` }))
  const [session] = await sessions(engine)
  expect(session).toMatchObject({ id: 'a', events: 7 })
  expect(session?.title?.isWellFormed()).toBe(true)
  expect(session?.title?.slice(0, 79)).toBe('x'.repeat(79))
  expect(session).not.toHaveProperty('folder')
})

test("status counts what was posted, by type, without the daemon's own affairs", async () => {
  using folder = temporaryFolder()
  using engine = openEngine(folder.path)
  await engine.log.append(event('a', 'Stop'))
  await engine.log.append(event('b', 'Stop'))
  await engine.log.append(draftOf({ type: 'built' }))
  await engine.log.append(draftOf({ channel: 'system:daemon', type: 'system.started' }))
  await engine.log.append(draftOf({ namespace: 'other' }))
  const { log, recentSessions } = await engine.dispatch(reader, 'system.status', {})
  expect(log).toMatchObject({ head: 5, events: 3, types: { Stop: 2, built: 1 }, sessions: 2, writable: true })
  expect(log).toMatchObject({ lostGroups: 0 })
  expect(recentSessions.map(({ id }) => id)).toEqual(['b', 'a'])
})
