// Actions that connected peers offer: who gets the call, who may answer, and what happens when somebody leaves.

import { expect, test } from 'bun:test'
import type { TellFrame } from '../../src/protocol/frame.ts'
import { createPeer, endPeer, type Peer } from '../../src/core/peer.ts'
import { openActionsRoom, outcome } from '../support/actions-room.ts'
import { createInbox, type Inbox } from '../support/inbox.ts'

/** A caller that frames come to. */
const connected = (name: string, namespace = ''): Peer & { frames: Inbox<TellFrame> } => {
  const frames = createInbox<TellFrame>()
  const tell = (frame: TellFrame): boolean => {
    frames.push(frame)
    return true
  }
  return { ...createPeer(`test:${name}`, 'write', namespace), tell, frames }
}

const callIn = async (peer: { frames: Inbox<TellFrame> }): Promise<string> => {
  const frame = await peer.frames.next()
  if (!('call' in frame)) throw new Error('A call was expected')
  return frame.call
}

test('a call comes to who offers it, and the answer goes to who made it', async () => {
  await using room = openActionsRoom()
  const [program, ann] = [connected('program'), connected('ann')]
  expect(await room.call(program, 'action.offer', { names: ['greet'] })).toEqual({ offered: 1 })
  const answer = room.call(ann, 'action.run', { name: 'greet', args: { who: 'Ann' } })
  const frame = await program.frames.next()
  expect(frame).toEqual({
    call: expect.stringMatching(/^run_/),
    action: 'greet',
    args: { who: 'Ann' },
    by: 'test:ann',
  })
  const { call } = 'call' in frame ? frame : { call: '' }
  expect(await room.call(program, 'action.answer', { call, result: 'Hello Ann' })).toEqual({ answered: true })
  expect(await answer).toMatchObject({ run: call, result: 'Hello Ann' })
  expect(room.eventsOf('greet').map(({ type }) => type)).toEqual(['action.started', 'action.finished'])
})

test('what its program throws is the reason', async () => {
  await using room = openActionsRoom()
  const [program, ann] = [connected('program'), connected('ann')]
  await room.call(program, 'action.offer', { names: ['fail'] })
  for (const error of ['boom happened', { message: 'boom happened', name: 'TypeError' }]) {
    const answer = outcome(room.call(ann, 'action.run', { name: 'fail' }))
    await room.call(program, 'action.answer', { call: await callIn(program), error })
    expect(await answer).toEqual({ code: 'action_failed', message: 'boom happened' })
  }
  expect(room.eventsOf('fail').at(-1)).toMatchObject({ data: { reason: 'thrown', error: 'boom happened' } })
})

test('nobody but who was called may answer, tell or ask, and only once', async () => {
  await using room = openActionsRoom()
  const [program, ann, eve] = [connected('program'), connected('ann'), connected('eve')]
  await room.call(program, 'action.offer', { names: ['greet'] })
  await room.call(eve, 'action.offer', { names: ['other'] })
  const answer = room.call(ann, 'action.run', { name: 'greet' })
  const call = await callIn(program)
  for (const [method, params] of [
    ['action.answer', { call, result: 'forged' }],
    ['action.emit', { call, data: 'forged' }],
    ['action.prompt', { call, prompt: { message: 'your password?' } }],
  ] as const)
    expect(await outcome(room.call(eve, method as string, params))).toMatchObject({ code: 'not_found' })
  await room.call(program, 'action.answer', { call, result: 'true' })
  expect(await answer).toMatchObject({ result: 'true' })
  expect(await outcome(room.call(program, 'action.answer', { call, result: 'again' }))).toMatchObject({
    code: 'not_found',
  })
})

test('with the connection go its names, and what waits for it fails at once', async () => {
  await using room = openActionsRoom()
  const [program, ann] = [connected('program'), connected('ann')]
  await room.call(program, 'action.offer', { names: ['a', 'b'], concurrency: 1 })
  const running = outcome(room.call(ann, 'action.run', { name: 'a' }))
  const waiting = outcome(room.call(ann, 'action.run', { name: 'a' }))
  await program.frames.next()
  endPeer(program)
  expect(await running).toEqual({ code: 'action_failed', message: 'Whoever offered it is gone' })
  expect(await waiting).toMatchObject({ code: 'action_failed' })
  expect(await outcome(room.call(ann, 'action.run', { name: 'b' }))).toMatchObject({ code: 'unknown_action' })
  expect((await room.call(ann, 'action.list', {})).actions).toEqual([])
  // an offer that comes after the end lasts no moment
  await room.call(program, 'action.offer', { names: ['late'] })
  expect((await room.call(ann, 'action.list', {})).actions).toEqual([])
})

test('names are given back one by one as well', async () => {
  await using room = openActionsRoom()
  const [program, ann] = [connected('program'), connected('ann')]
  await room.call(program, 'action.offer', { names: ['a', 'b'] })
  expect(await room.call(program, 'action.withdraw', { names: ['a', 'nothing'] })).toEqual({ offered: 1 })
  expect(await outcome(room.call(ann, 'action.run', { name: 'a' }))).toMatchObject({ code: 'unknown_action' })
})

test('one name has one program, and a stored action goes first', async () => {
  await using room = openActionsRoom()
  const [program, second, ann] = [connected('program'), connected('second'), connected('ann')]
  await room.command('stored', ['echo', '1'])
  expect(await outcome(room.call(program, 'action.offer', { names: ['x', 'stored'] }))).toMatchObject({
    code: 'name_taken',
  })
  await room.call(program, 'action.offer', { names: ['x'] })
  expect(await room.call(program, 'action.offer', { names: ['x', 'y'] })).toEqual({ offered: 2 })
  expect(await outcome(room.call(second, 'action.offer', { names: ['z', 'x'] }))).toMatchObject({
    code: 'name_taken',
  })
  expect(await outcome(room.call(ann, 'action.run', { name: 'z' }))).toMatchObject({ code: 'unknown_action' })
  await room.command('x', ['echo', '2'])
  expect(await room.call(ann, 'action.run', { name: 'x' })).toMatchObject({ result: 2 })
  expect(await room.call(ann, 'action.get', { name: 'x' })).toMatchObject({ action: { kind: 'command' } })
})

test('one that takes too long is cancelled where it runs', async () => {
  await using room = openActionsRoom()
  const [program, ann] = [connected('program'), connected('ann')]
  await room.call(program, 'action.offer', { names: ['slow'] })
  const answer = outcome(room.call(ann, 'action.run', { name: 'slow', timeout: 50 }))
  const call = await callIn(program)
  expect(await answer).toMatchObject({ code: 'action_timeout' })
  expect(await program.frames.next()).toEqual({ cancelled: call })
})

test('a program that reads nothing is not called', async () => {
  await using room = openActionsRoom()
  const program = { ...createPeer('test:program', 'write'), tell: () => false }
  await room.call(program, 'action.offer', { names: ['x'] })
  expect(await outcome(room.run('x'))).toMatchObject({ code: 'busy' })
})

test('a door without a connection can offer nothing', async () => {
  await using room = openActionsRoom()
  const visitor = createPeer('http:anyone', 'write')
  expect(await outcome(room.call(visitor, 'action.offer', { names: ['x'] }))).toMatchObject({
    code: 'no_stream',
  })
})

test('who wants to hear is told and asked; who does not, and who cannot, is not', async () => {
  await using room = openActionsRoom()
  const [program, ann] = [connected('program'), connected('ann')]
  await room.call(program, 'action.offer', { names: ['x'] })
  const ask = { type: 'confirm', message: 'Sure?' } as const

  const open = room.call(ann, 'action.run', { name: 'x', prompts: true })
  const call = await callIn(program)
  expect(await room.call(program, 'action.emit', { call, data: 1 })).toEqual({ heard: true })
  expect(await ann.frames.next()).toEqual({ emit: 1, run: call, action: 'x' })
  const asked = room.call(program, 'action.prompt', { call, prompt: ask })
  const prompt = await ann.frames.next()
  expect(prompt).toEqual({ prompt: expect.any(String), run: call, action: 'x', ask })
  await room.call(ann, 'action.reply', { prompt: 'prompt' in prompt ? prompt.prompt : '', value: true })
  expect(await asked).toEqual({ value: true })
  const late = room.call(program, 'action.prompt', { call, prompt: ask })
  await ann.frames.next()
  await room.call(program, 'action.answer', { call, result: null })
  expect(await late).toEqual({ value: null })
  await open

  for (const caller of [ann, createPeer('job:nightly', 'write')]) {
    const quiet = room.call(caller, 'action.run', { name: 'x', prompts: caller !== ann })
    const other = await callIn(program)
    expect(await room.call(program, 'action.emit', { call: other, data: 1 })).toEqual({ heard: false })
    expect(await room.call(program, 'action.prompt', { call: other, prompt: ask })).toEqual({ value: null })
    await room.call(program, 'action.answer', { call: other, result: null })
    await quiet
  }
})
