// The turn of a session: what it answers to one message, from when it was given to its result. There is one at most,
// and what is said is of the one that is open.

import type { SteadyClock } from '../../../lib/steady-clock.ts'
import type { Tokens } from '../../../protocol/sessions.ts'
import type { Told } from '../told.ts'
import {
  blocksOf,
  type Fields,
  fieldsIn,
  kept,
  keptText,
  numberIn,
  resultText,
  sumOf,
  textIn,
  tokensIn,
} from '../line.ts'
import { type Message, uuidOf } from '../queue.ts'
import type { Managed } from '../rows.ts'

export type Turn = {
  id: string
  /** absent when the session began it by itself */
  message?: Message
  /** the note that it answers, as Claude Code calls it: one that is a command of its own */
  note?: string
  begunAt: number
  /** of the next chunk */
  index: number
  /** text that was told in pieces, and not yet as a whole */
  unsaid: string
  /** whether Claude has begun with it */
  seen: boolean
  interrupted: boolean
}

export type TurnEnd = {
  turn: string
  message?: string
  ok: boolean
  result: string
  error?: string
  interrupted?: true
  usage: Tokens
  costUsd: number
  durationMs: number
}

/** What is told of its beginning: of what was said, or that the session began it by itself. */
export const startedOf = ({ id, message }: Turn): Told => {
  if (!message) return { type: 'turn.started', data: { turn: id, by: 'claude' } }
  const { by, cause } = message
  const data = { turn: id, message: message.id, text: kept(message.text), by }
  return { type: 'turn.started', by, cause, data }
}

/** Adds a turn that is over to its session's row, and tells it: first what was being said when it was cut off. */
export const account = (managed: Managed, turn: Turn | undefined, end: TurnEnd): Told[] => {
  managed.tokens = sumOf(managed.tokens, end.usage)
  managed.failedTurns += end.ok ? 0 : 1
  managed.busyMs += Math.round(end.durationMs)
  const text = turn?.unsaid ?? ''
  const cut = {
    turn: end.turn,
    role: 'assistant',
    content: [{ type: 'text', text: keptText(text) }],
    cut: true,
  }
  const finished = { type: 'turn.finished', data: end }
  return text === '' ? [finished] : [{ type: 'message.said', data: cut }, finished]
}

export const beginTurn = (steady: SteadyClock, message?: Message): Turn => ({
  id: `turn_${Bun.randomUUIDv7()}`,
  ...(message && { message }),
  begunAt: steady.now(),
  index: 0,
  unsaid: '',
  seen: false,
  interrupted: false,
})

export const lineOf = (message: Message): object => ({
  type: 'user',
  message: { role: 'user', content: [{ type: 'text', text: message.text }] },
  parent_tool_use_id: null,
  session_id: '',
  uuid: uuidOf(message),
  ...(message.urgency === 'note' && { shouldQuery: false }),
})

/** A piece of what is being said, when the line is one of the conversation's own, not of an agent in it. */
export const chunkOf = (line: Fields): { kind: 'text' | 'thinking'; text: string } | undefined => {
  if (textIn(line, 'parent_tool_use_id') !== undefined) return undefined
  const event = fieldsIn(line, 'event')
  if (event['type'] !== 'content_block_delta') return undefined
  const delta = fieldsIn(event, 'delta')
  if (delta['type'] === 'text_delta') return { kind: 'text', text: textIn(delta, 'text') ?? '' }
  if (delta['type'] === 'thinking_delta') return { kind: 'thinking', text: textIn(delta, 'thinking') ?? '' }
  return undefined
}

/** What an `assistant` or a `user` line tells: what was said whole, which tools began and which ended. */
export const toldIn = (line: Fields, turn: string): Told[] => {
  const role = line['type'] === 'assistant' ? 'assistant' : 'user'
  const parent = textIn(line, 'parent_tool_use_id')
  const of = { turn, ...(parent !== undefined && { parent }) }
  const id = textIn(fieldsIn(line, 'message'), 'id')
  const said: Fields[] = []
  const told: Told[] = []
  for (const block of blocksOf(line)) {
    if (block['type'] === 'tool_use')
      told.push({
        type: 'tool.started',
        data: {
          ...of,
          tool: textIn(block, 'name') ?? 'unknown',
          toolUse: textIn(block, 'id'),
          input: kept(block['input'] ?? {}),
        },
      })
    else if (block['type'] === 'tool_result') {
      const ok = block['is_error'] !== true
      const text = resultText(block['content'])
      const data = { ...of, toolUse: textIn(block, 'tool_use_id'), ok, [ok ? 'result' : 'error']: text }
      told.push({ type: 'tool.finished', data })
    } else said.push(block)
  }
  if (said.length > 0)
    told.unshift({
      type: 'message.said',
      data: { ...of, role, ...(id !== undefined && { id }), content: kept(said) },
    })
  return told
}

export const endOf = (
  turn: Turn,
  line: Fields,
  { costUsd, durationMs }: { costUsd: number; durationMs: number },
): TurnEnd => {
  const subtype = textIn(line, 'subtype')
  const ok = subtype === 'success' && line['is_error'] !== true
  const result = keptText(textIn(line, 'result') ?? '')
  return {
    turn: turn.id,
    ...(turn.message && { message: turn.message.id }),
    ok,
    result: ok ? result : '',
    ...(!ok && { error: errorOf(turn, line, subtype, result) }),
    ...(turn.interrupted && !ok && { interrupted: true as const }),
    usage: tokensIn(line),
    costUsd,
    durationMs: numberIn(line, 'duration_ms') ?? durationMs,
  }
}

const errorOf = (turn: Turn, line: Fields, subtype: string | undefined, result: string): string => {
  if (turn.interrupted) return 'It was interrupted'
  if (result !== '') return result
  const { errors } = line
  const [first] = Array.isArray(errors) ? errors : []
  return typeof first === 'string' ? keptText(first) : (subtype ?? 'It failed')
}
