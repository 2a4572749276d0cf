// Talking into sessions of the real Claude Code that paid did not start, against a stand-in of its API: what is said is
// in what the model is asked, once, and the channel says how it got there.

import { expect, test } from 'bun:test'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openConnection } from '../../src/client/connection.ts'
import { claudeAvailable, openClaudeHome, openConversation } from '../support/claude.ts'
import { environmentOf, paidBinary, runPaid, startDaemon } from '../support/daemon.ts'
import { openMessagesApi } from '../support/messages-api.ts'
import { listenTo } from '../support/sessions.ts'
import { openTerminal } from '../support/terminal.ts'

const timeout = 120_000

/** A home of Claude Code with our hooks in it, and a daemon that hears them. */
const openStage = async (config: object, install: string[] = []) => {
  const api = openMessagesApi()
  const where = openClaudeHome(api)
  const home = join(where.home, '.paid')
  mkdirSync(home, { mode: 0o700 })
  const env = environmentOf(home, { HOME: where.home })
  expect(await runPaid(['hooks', 'install', ...install], { env })).toMatchObject({ code: 0 })
  const daemon = await startDaemon({ home, env: { HOME: where.home }, config })
  const connection = await openConnection(daemon.socket)
  return {
    where,
    daemon,
    connection,
    /** In which of the requests to the model it is for the first time, and how often in the last one. */
    asked: (text: string) => {
      const bodies = api.requests.map(({ body }) => JSON.stringify(body.messages))
      return {
        first: bodies.findIndex((body) => body.includes(text)),
        times: (bodies.at(-1) ?? '').split(text).length - 1,
      }
    },
    requests: () => api.requests.length,
    [Symbol.asyncDispose]: async () => {
      connection.close()
      await daemon.stop()
      await api[Symbol.asyncDispose]()
      where[Symbol.dispose]()
    },
  }
}

const idOf = ({ lines }: ReturnType<typeof openConversation>): string =>
  String(lines.find(({ type }) => type === 'system')?.['session_id'])

test.skipIf(!claudeAvailable)(
  'it goes in beside the prompt, after the tools, and at the end of the turn',
  async () => {
    // what wakes sessions at a terminal leaves those alone that have none
    await using stage = await openStage({}, ['--rewake'])
    await using talk = openConversation(stage.where, { args: ['--allowedTools', 'Bash'] })
    await talk.say('hello')
    const id = idOf(talk)
    using told = await listenTo(stage.daemon, id)
    const send = (text: string) => stage.connection.call('session.send', { id, text })
    const saying = (words: string) =>
      `::tool Bash ${JSON.stringify({ command: `${paidBinary} sessions send $CLAUDE_CODE_SESSION_ID ${words}`, description: 'd' })}`

    const { message, way } = await send('beside-the-prompt')
    expect(way).toBe('hook')
    let before = stage.requests()
    await talk.say('one')
    expect(stage.asked('> beside-the-prompt')).toEqual({ first: before, times: 1 })
    expect(await told.next('message.delivered')).toEqual({ message, how: 'hook' })
    const seen = await told.next('message.seen')
    expect(seen).toMatchObject({ message })
    const prompt = told.told.findLast(({ type }) => type === 'UserPromptSubmit')
    expect(prompt?.data).toMatchObject({ prompt: 'one', prompt_id: seen['turn'] })

    before = stage.requests()
    await talk.say(`${saying('--now after-the-tools')}\n::say done`)
    expect(stage.asked('> after-the-tools')).toMatchObject({ first: before + 1, times: 1 })
    expect(await told.next('message.seen')).toHaveProperty('turn')

    before = stage.requests()
    await talk.say(`${saying('at-the-end')}\n::say done`)
    expect(stage.asked('> at-the-end')).toMatchObject({ first: before + 2, times: 1 })
    expect(await told.next('message.delivered', ({ how }) => how === 'stop')).toBeDefined()
    await told.next('message.seen')

    // what nobody read is told of
    await send('never read')
    expect(await talk.end()).toBe(0)
    expect(await told.next('message.expired')).toMatchObject({ why: 'The session has ended' })
  },
  timeout,
)

test.skipIf(!claudeAvailable)(
  'through its own socket it begins a turn of a session that does nothing',
  async () => {
    await using stage = await openStage({ sessions: { inbox: true } })
    await using talk = openConversation(stage.where)
    await talk.say('hello')
    const id = idOf(talk)
    using told = await listenTo(stage.daemon, id)
    const note = await stage.connection.call('session.send', { id, text: 'only a note', urgency: 'note' })
    expect(note.way).toBe('hook')
    const before = stage.requests()
    const { message, way } = await stage.connection.call('session.send', { id, text: 'wake up' })
    expect(way).toBe('inbox')
    expect(await told.next('message.delivered')).toEqual({ message, how: 'inbox' })
    const { turn } = await told.next('message.seen', (data) => data['message'] === message)
    // the turn that it begins takes the note along
    expect(await told.next('message.delivered')).toEqual({ message: note.message, how: 'hook' })
    expect(await told.next('message.seen')).toMatchObject({ message: note.message, turn })
    await told.next('Stop')
    expect(stage.asked('> wake up')).toEqual({ first: before, times: 1 })
    expect(stage.asked('> only a note')).toEqual({ first: before, times: 1 })
    const answer = await stage.daemon.run(['sessions', 'send', id, '::say on my way', '--wait'])
    expect(answer).toEqual({
      code: 0,
      stdout: expect.stringContaining('Heard: Another Claude session sent a message'),
      stderr: 'Given to the session through its own inbox: it reads it now\n',
    })
  },
  timeout,
)

test.skipIf(!claudeAvailable)(
  'beside an idle session in a terminal a process waits, and wakes it',
  async () => {
    await using stage = await openStage({}, ['--rewake'])
    await using terminal = openTerminal(stage.where)
    await terminal.shows('❯')
    await terminal.type('hello')
    const { subscription } = await stage.connection.call('event.subscribe', { type: 'Stop', since: 0 })
    const delivery = await stage.connection.next(subscription)
    if (!('event' in delivery)) throw new Error('No turn ended')
    const id = delivery.event.channel.slice('session:'.length)
    using told = await listenTo(stage.daemon, id)
    const before = stage.requests()
    const { message } = await stage.connection.call('session.send', { id, text: 'wake up' })
    expect(await told.next('message.delivered')).toEqual({ message, how: 'rewake' })
    expect(await told.next('message.seen')).toMatchObject({ message })
    await told.next('Stop', ({ stop_hook_active }) => stop_hook_active)
    expect(stage.asked('wake up')).toEqual({ first: before, times: 1 })
  },
  timeout,
)
