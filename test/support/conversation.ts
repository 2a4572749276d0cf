// Conversations over a socket, written as they are read:
//   a > {"type":"subscribe","id":"s","channel":"x"}     a says so
//   a < {"type":"result","id":"s","success":true,…}     and hears exactly this, next
//   b -                                                 b hangs up
//   a .                                                 a has heard everything: a ping of its own is answered next
// In what is heard "*" is any text, "ch_*" one that begins so, and "#" any number. A line that begins with blanks goes on
// with the one before it.

import { expect } from 'bun:test'
import { openSocket, type TestSocket } from './socket.ts'

export type Conversation = AsyncDisposable & {
  /** Has the lines said and heard, in their order. */
  play: (script: string) => Promise<void>
  /** The connection of a speaker, opened at its first word. */
  speaker: (name: string) => Promise<TestSocket>
  /** Says it and gives the next line that is heard. */
  ask: (name: string, frame: object) => Promise<Record<string, unknown>>
}

export const openConversation = (path: string): Conversation => {
  const speakers = new Map<string, TestSocket>()

  const speaker = async (name: string): Promise<TestSocket> => {
    const known = speakers.get(name) ?? (await openSocket(path))
    speakers.set(name, known)
    return known
  }

  const say = async (name: string, mark: string, text: string): Promise<void> => {
    const { write, lines, [Symbol.asyncDispose]: end } = await speaker(name)
    if (mark === '>') await write(`${text}\n`)
    else if (mark === '<') expect(parsed(await lines.next())).toEqual(expected(parsed(text)))
    else if (mark === '.') {
      await write('{"type":"ping","id":"all heard"}\n')
      expect(await lines.next()).toBe('{"type":"pong","id":"all heard"}')
    } else {
      await end()
      speakers.delete(name)
    }
  }

  return {
    speaker,
    play: async (script) => {
      const joined = script.trim().replace(/\n\s+(?=[{"])/g, ' ')
      for (const line of joined.split('\n').filter((each) => each.trim() !== '')) {
        const [, name = '', mark = '', text = ''] = /^\s*(\w+) ([<>.-])\s?(.*)$/.exec(line) ?? []
        if (name === '') throw new Error(`Not a line of a conversation: ${line}`)
        await say(name, mark, text)
      }
    },
    ask: async (name, frame) => {
      const { write, lines } = await speaker(name)
      await write(`${JSON.stringify(frame)}\n`)
      const answer = parsed(await lines.next())
      if (typeof answer !== 'object' || answer === null) throw new Error('An answer is an object')
      return { ...answer }
    },
    [Symbol.asyncDispose]: async () => {
      for (const each of speakers.values()) await each[Symbol.asyncDispose]()
    },
  }
}

const parsed = (text: string): unknown => JSON.parse(text)

const expected = (value: unknown): unknown => {
  if (value === '#') return expect.any(Number)
  if (typeof value === 'string' && value.endsWith('*'))
    return value === '*' ? expect.any(String) : expect.stringMatching(new RegExp(`^${value.slice(0, -1)}`))
  if (Array.isArray(value)) return value.map(expected)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expected(item)]))
}
