// Actions through dispatch: what is stored under a name, who may run what, who waits, and what the log says of it.

import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { limits } from '../../src/protocol/limits.ts'
import { createPeer } from '../../src/core/peer.ts'
import { ann, openActionsRoom, outcome } from '../support/actions-room.ts'

test('a name is taken once: the same again is fine, another only in its place', async () => {
  await using room = openActionsRoom()
  expect(await room.command('x', ['true'])).toEqual({ added: true, replaced: false })
  expect(await room.command('x', ['true'])).toEqual({ added: false, replaced: false })
  expect(await outcome(room.command('x', ['false']))).toMatchObject({ code: 'name_taken' })
  expect(await room.command('x', ['false'], { replace: true })).toEqual({ added: true, replaced: true })
  expect(await outcome(room.run('x'))).toMatchObject({ code: 'action_failed' })
  expect(await room.call(ann, 'action.remove', { name: 'x' })).toEqual({ removed: true })
  expect(await room.call(ann, 'action.remove', { name: 'x' })).toEqual({ removed: false })
  expect(await outcome(room.run('x'))).toEqual({
    code: 'unknown_action',
    message: 'There is no action "x"',
  })
  expect(room.eventsOf('x').map(({ type }) => type)).toEqual([
    'action.added',
    'action.added',
    'action.started',
    'action.failed',
    'action.removed',
  ])
})

test('names are of a namespace', async () => {
  await using room = openActionsRoom()
  const other = createPeer('test:bob', 'admin', 'kanban')
  await room.command('x', ['echo', '1'])
  expect((await room.call(other, 'action.list', {})).actions).toEqual([])
  expect(await outcome(room.call(other, 'action.run', { name: 'x' }))).toMatchObject({
    code: 'unknown_action',
  })
  await room.call(other, 'action.add', { name: 'x', kind: 'command', command: ['echo', '2'] })
  expect(await room.run('x')).toMatchObject({ result: 1 })
  expect(await room.call(other, 'action.run', { name: 'x' })).toMatchObject({ result: 2 })
})

test('adding takes admin, running write, looking read', async () => {
  await using room = openActionsRoom()
  const [reader, writer] = [createPeer('test:r', 'read'), createPeer('test:w', 'write')]
  const action = { name: 'x', kind: 'command' as const, command: ['true'] }
  expect(await outcome(room.call(writer, 'action.add', action))).toMatchObject({ code: 'forbidden' })
  await room.add(action)
  expect(await outcome(room.call(writer, 'action.remove', { name: 'x' }))).toMatchObject({
    code: 'forbidden',
  })
  expect(await outcome(room.call(reader, 'action.run', { name: 'x' }))).toMatchObject({ code: 'forbidden' })
  expect(await room.call(writer, 'action.run', { name: 'x' })).toMatchObject({ exitCode: 0 })
  expect(await room.call(reader, 'action.get', { name: 'x' })).toMatchObject({ action: { name: 'x' } })
})

test('a run is told when it begins and when it ends, by whom and how', async () => {
  await using room = openActionsRoom()
  await room.command('good', ['sh', '-c', 'echo "[1,2]"'])
  await room.command('bad', ['sh', '-c', 'echo one >&2; echo two >&2; exit 7'])
  const bob = createPeer('test:bob', 'write')
  const { run, durationMs } = await room.call(bob, 'action.run', { name: 'good' })
  expect(room.eventsOf('good').slice(1)).toEqual([
    { type: 'action.started', by: 'test:bob', data: { run } },
    { type: 'action.finished', by: 'test:bob', data: { run, durationMs, exitCode: 0, preview: [1, 2] } },
  ])
  expect(await outcome(room.run('bad'))).toEqual({
    code: 'action_failed',
    message: 'exit code 7: one\ntwo',
  })
  expect(room.eventsOf('bad')[2]).toMatchObject({
    type: 'action.failed',
    data: { exitCode: 7, reason: 'exit', error: 'exit code 7: one\ntwo', durationMs: expect.any(Number) },
  })
})

test('what made jobs, webhooks and rules call is kept; nobody else may say such a thing', async () => {
  await using room = openActionsRoom()
  await room.add({ name: 'tell', kind: 'publish', channel: 'news' })
  const job = createPeer('job:nightly', 'write')
  await room.call(job, 'action.run', { name: 'tell', args: { ok: true }, cause: 'job:nightly@1763720000000' })
  expect(room.eventsOf('tell')[1]).toMatchObject({
    type: 'action.started',
    by: 'job:nightly',
    data: { cause: 'job:nightly@1763720000000' },
  })
  expect(await outcome(room.run('tell', {}, { cause: 'job:nightly@1' }))).toMatchObject({
    code: 'bad_request',
  })
})

test('a message to a channel is an event with what it was run with', async () => {
  await using room = openActionsRoom()
  await room.add({ name: 'tell', kind: 'publish', channel: 'news' })
  const { result } = await room.run('tell', { to: 'all' })
  const { events } = await room.call(ann, 'event.list', { channel: 'news' })
  expect(events).toMatchObject([
    { type: 'message', data: { to: 'all' }, by: 'test:ann', origin: { action: 'tell' } },
  ])
  expect(result).toEqual({ id: events[0]?.id })
  expect(await outcome(room.add({ name: 'forge', kind: 'publish', channel: 'lock:x' }))).toMatchObject({
    code: 'bad_request',
  })
})

test('so many run at a time, the others wait and begin in their order', async () => {
  await using room = openActionsRoom()
  const began: number[] = []
  room.engine.observers.push((events) => {
    for (const { type, by } of events) if (type === 'action.started') began.push(Number(by.slice(7)))
  })
  await room.command('slow', ['sh', '-c', `until [ -e '${room.folder}/gate' ]; do sleep 0.02; done`], {
    concurrency: 2,
  })
  const runs = Array.from({ length: 8 }, (_, n) =>
    room.call(createPeer(`caller:${n}`, 'write'), 'action.run', { name: 'slow' }),
  )
  await room.told('slow', 'action.started')
  expect(await room.call(ann, 'action.get', { name: 'slow' })).toMatchObject({
    action: { running: 2, waiting: 6 },
  })
  writeFileSync(join(room.folder, 'gate'), '')
  await Promise.all(runs)
  expect(began).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  expect(await room.call(ann, 'action.get', { name: 'slow' })).toMatchObject({
    action: { running: 0, waiting: 0 },
  })
})

test('1,000 wait in line, the next is told that it is busy; when the daemon stops nobody waits', async () => {
  await using room = openActionsRoom()
  await room.command('slow', ['sleep', '60'], { concurrency: 1 })
  const runs = Array.from({ length: limits.actionLine + 1 }, () => outcome(room.run('slow')))
  await room.told('slow', 'action.started')
  expect(await outcome(room.run('slow'))).toMatchObject({ code: 'busy' })
  await room.engine.end()
  expect(new Set((await Promise.all(runs)).map((each) => Object(each).code))).toEqual(new Set(['stopping']))
  expect(room.eventsOf('slow').at(-1)).toMatchObject({ type: 'action.failed', data: { reason: 'stopped' } })
})

test('the list is read page by page, stored and offered together', async () => {
  await using room = openActionsRoom()
  for (const name of ['b', 'd', 'f']) await room.command(name, ['true'])
  const program = { ...createPeer('test:program', 'write'), tell: () => true }
  await room.call(program, 'action.offer', { names: ['a', 'c', 'g', '😀', '\uffff'] })
  const names: string[] = []
  for (let after: string | undefined; ;) {
    const page = await room.call(ann, 'action.list', { limit: 2, ...(after !== undefined && { after }) })
    names.push(...page.actions.map(({ name }) => name))
    if (page.next === undefined) break
    after = page.next
  }
  expect(names).toEqual(['a', 'b', 'c', 'd', 'f', 'g', '\uffff', '😀'])
})

test.each([
  ['no kind', { name: 'x' }],
  ['a kind there is not', { name: 'x', kind: 'sql' }],
  ['a command without a word', { name: 'x', kind: 'command', command: [] }],
  ['a program without a name', { name: 'x', kind: 'command', command: ['', 'y'] }],
  ['a zero byte in a word', { name: 'x', kind: 'command', command: ['a\0b'] }],
  ['a folder that is not absolute', { name: 'x', kind: 'command', command: ['a'], cwd: 'here' }],
  ['a variable without a name', { name: 'x', kind: 'command', command: ['a'], env: { '': 'v' } }],
  ['a variable with = in its name', { name: 'x', kind: 'command', command: ['a'], env: { 'a=b': 'v' } }],
  ['no concurrency', { name: 'x', kind: 'command', command: ['a'], concurrency: 0 }],
  ['a timeout of two days', { name: 'x', kind: 'command', command: ['a'], timeout: 2 * 86_400_000 }],
  ['a misspelled field', { name: 'x', kind: 'command', command: ['a'], timout: 5 }],
  ['no address', { name: 'x', kind: 'http' }],
  ['an address of a file', { name: 'x', kind: 'http', url: 'file:///etc/passwd' }],
  ['a password in the address', { name: 'x', kind: 'http', url: 'http://me:secret@example.com/' }],
  [
    'a header of two lines',
    { name: 'x', kind: 'http', url: 'http://a.example', headers: { a: 'b\r\nc: d' } },
  ],
  [
    'a header whose name is none',
    { name: 'x', kind: 'http', url: 'http://a.example', headers: { 'a b': 'c' } },
  ],
  ['a name of 257 bytes', { name: 'x'.repeat(257), kind: 'command', command: ['a'] }],
  ['an escape in the name', { name: 'x\u001b[2J', kind: 'command', command: ['a'] }],
])('%s is refused', async (_what, params) => {
  await using room = openActionsRoom()
  expect(await outcome(room.call(ann, 'action.add' as string, params))).toMatchObject({ code: 'bad_request' })
  expect((await room.call(ann, 'action.list', {})).actions).toEqual([])
})
