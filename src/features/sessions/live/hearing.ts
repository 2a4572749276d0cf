// What a session's process says, line by line: which of it is a turn's, which is told, which is answered. What nobody
// knows is kept as it came.

import { limits } from '../../../protocol/limits.ts'
import type { SteadyClock } from '../../../lib/steady-clock.ts'
import { createCost } from './cost.ts'
import type { Told } from '../told.ts'
import type { Guarding } from './guarding.ts'
import { type Fields, fieldsIn, isFields, kept, numberIn, textIn, textsIn } from '../line.ts'
import type { Permissions } from '../permissions.ts'
import { uuidOf } from '../queue.ts'
import { isOver, type Managed } from '../rows.ts'
import { chunkOf, endOf, toldIn, type Turn, type TurnEnd } from './turns.ts'

/** lines that say nothing that is not said by others */
const silent = new Set(['keep_alive', 'control_response', 'conversation_reset'])
const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/
const silentSystem = new Set(['init', 'status', 'thinking_tokens', 'hook_started', 'hook_response'])

export const createHearing = ({
  managed,
  permissions,
  guarding,
  steady,
  answerMs,
  turn: openTurn,
  isNote,
  hasUnread,
  turnNow,
  seen,
  finish,
  begin,
  clear,
  note,
  say,
  show,
}: {
  /** its row, which changes */
  managed: Managed
  permissions: Permissions
  guarding: Guarding
  steady: SteadyClock
  /** how long an MCP server's question waits for its answer */
  answerMs: number
  turn: () => Turn | undefined
  isNote: (uuid: string) => boolean
  hasUnread: () => boolean
  /** The open turn; what comes without one begins its own. */
  turnNow: (told: Told[]) => Turn
  seen: (turn: Turn) => void
  finish: (end: TurnEnd) => void
  begin: () => void
  /** It is in another conversation from now on. */
  clear: (conversation: string) => void
  note: (told: Told[]) => Promise<void>
  say: (line: object) => void
  show: (type: string, data: object) => void
}) => {
  const cost = createCost(managed)
  /** a note that Claude Code is at */
  let noteNow: string | undefined

  const raw = (line: unknown): void => void note([{ type: 'session.raw', data: { line: kept(line) } }])

  /** Whether a result is the one of the open turn: notes have some of their own. */
  const isOf = ({ message, note: answered }: Turn, line: Fields): boolean => {
    const uuids = textsIn(line, 'user_message_uuids') ?? []
    if (uuids.length === 0) return !(numberIn(line, 'num_turns') === 0 && hasUnread())
    if (answered !== undefined) return uuids.includes(answered)
    return message ? uuids.includes(uuidOf(message)) : !uuids.some(isNote)
  }

  /** The open turn, or one that begins with what is said now. */
  const turnFor = (told: Told[]): Turn => {
    const turn = turnNow(told)
    if (told.length > 0 && noteNow !== undefined) turn.note = noteNow
    return turn
  }

  const takeResult = (line: Fields): void => {
    const turn = openTurn()
    if (!turn || !isOf(turn, line)) return
    seen(turn)
    guarding.cancelAll()
    finish(endOf(turn, line, { costUsd: cost(line), durationMs: steady.now() - turn.begunAt }))
  }

  const elicit = (id: string, request: Fields): void => {
    void note([permissions.elicit(id, request)])
    steady.wake(steady.now() + answerMs, () => {
      const given = permissions.giveUp(id)
      if (!given) return
      void note([given.told])
      say(given.line)
    })
  }

  const takeRequest = (line: Fields): void => {
    const id = textIn(line, 'request_id') ?? ''
    const request = fieldsIn(line, 'request')
    if (request['subtype'] === 'can_use_tool') return void note([permissions.ask(id, request)])
    if (request['subtype'] === 'elicitation') return elicit(id, request)
    if (request['subtype'] === 'hook_callback') return void guarding.answer(id, fieldsIn(request, 'input'))
    const error = 'paid does not answer this'
    say({ type: 'control_response', response: { subtype: 'error', request_id: id, error } })
    raw(line)
  }

  const takeCancel = (line: Fields): void => {
    const id = textIn(line, 'request_id') ?? ''
    guarding.cancel(id)
    const told = permissions.cancel(id, 'Claude needs no answer any more')
    if (told) void note([told])
  }

  const takeSystem = (line: Fields): void => {
    const subtype = textIn(line, 'subtype') ?? ''
    if (subtype === 'init') {
      managed.model = textIn(line, 'model') ?? managed.model
      const conversation = textIn(line, 'session_id') ?? ''
      if (uuid.test(conversation) && conversation !== (managed.conversation ?? managed.id))
        clear(conversation)
    }
    if (subtype === 'session_title_changed') managed.title = textIn(line, 'title') ?? managed.title
    if (!silentSystem.has(subtype)) raw(line)
  }

  /** A note that begins with a slash may be a command: Claude Code answers that, without having been asked. */
  const takeNote = (note: string, state: unknown): void => {
    if (state === 'started') noteNow = note
    if (state !== 'completed' && state !== 'cancelled') return
    if (noteNow === note) noteNow = undefined
    const turn = openTurn()
    if (turn?.note === note)
      finish(endOf(turn, { subtype: 'success' }, { costUsd: 0, durationMs: steady.now() - turn.begunAt }))
  }

  const takeLifecycle = (line: Fields): void => {
    const command = textIn(line, 'command_uuid') ?? ''
    if (isNote(command)) return takeNote(command, line['state'])
    const turn = openTurn()
    if (!turn?.message || command !== uuidOf(turn.message)) return
    if (line['state'] === 'started') seen(turn)
    if (line['state'] === 'cancelled')
      finish(endOf(turn, { subtype: 'cancelled' }, { costUsd: 0, durationMs: steady.now() - turn.begunAt }))
  }

  const takeChunk = (line: Fields): void => {
    const chunk = chunkOf(line)
    if (!chunk) return
    const told: Told[] = []
    const turn = turnFor(told)
    if (told.length > 0) void note(told)
    seen(turn)
    if (chunk.kind === 'text' && turn.unsaid.length <= limits.sessionKeptBytes) turn.unsaid += chunk.text
    show('session.chunk', { turn: turn.id, index: turn.index++, ...chunk })
  }

  const takeSaid = (line: Fields): void => {
    const told: Told[] = []
    const turn = line['type'] === 'assistant' ? turnFor(told) : openTurn()
    if (!turn) return
    seen(turn)
    if (line['type'] === 'assistant' && textIn(line, 'parent_tool_use_id') === undefined) turn.unsaid = ''
    void note([...told, ...toldIn(line, turn.id)])
  }

  const takers: Record<string, (line: Fields) => void> = {
    stream_event: takeChunk,
    assistant: takeSaid,
    user: takeSaid,
    result: takeResult,
    system: takeSystem,
    control_request: takeRequest,
    control_cancel_request: takeCancel,
    command_lifecycle: takeLifecycle,
  }

  return (lines: readonly string[]): void => {
    for (const text of lines) {
      if (text.trim() === '' || isOver(managed.status)) continue
      const line = parsed(text)
      if (!isFields(line)) {
        raw(line)
        continue
      }
      const type = textIn(line, 'type') ?? ''
      const taker = Object.hasOwn(takers, type) ? takers[type] : undefined
      if (taker) taker(line)
      else if (!silent.has(type)) raw(line)
      // the first that it says is the answer to the first that it was asked
      if (type === 'control_response') begin()
    }
  }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
