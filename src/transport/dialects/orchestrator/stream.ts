// A session's channel as the orchestrator's stream: what one listener is told of each event. It remembers which turn is
// open and what of it was told, so that a listener who comes in the middle, or has it read back, gets each sentence
// once and whole: pieces as they come when it heard the sentence begin, else the sentence when it is finished.

import type { LogEvent } from '../../../core/log-event.ts'
import { isFields } from '../../../lib/fields.ts'
import { createBegun } from './begun.ts'
import { firstTaskOf, taskOfMessage } from './session.ts'

type Fields = Record<string, unknown>

/** What a client said with the message that a turn answers. */
export type Asked = { quiet: boolean; more: { id?: string | number } }

export type Stream = {
  /** The frames of an event. @param live false when it is read back */
  take: (event: LogEvent, live: boolean) => string[]
  /** From where to tell it again to one who has what there was up to `seq`. */
  before: (seq: number) => number | string
}

type Open = {
  id: string
  task: string
  asked: Asked | undefined
  /** of the next chunk */
  index: number
  /** whether a sentence is being heard from its beginning */
  hears: boolean
  /** pieces of it that were told */
  pieces: number
}

/** what was made of the last event: many listeners ask for the same in a row */
let last: { event: LogEvent; data: Fields; piece?: Piece } | undefined
type Piece = { shown: string; index: number; frame: string }

const lastOf = (event: LogEvent): NonNullable<typeof last> => {
  if (last?.event === event) return last
  const { data } = event
  return (last = { event, data: isFields(data) ? data : {} })
}

const dataOf = (event: LogEvent): Fields => lastOf(event).data

/** The frame of a `session.chunk`. */
const pieceFrame = (event: LogEvent, shown: string, index: number): string => {
  const made = lastOf(event)
  if (made.piece?.shown !== shown || made.piece.index !== index) {
    const frame = chunkFrame(shown, index, text(made.data, 'kind'), text(made.data, 'text'))
    made.piece = { shown, index, frame }
  }
  return made.piece.frame
}

const chunkFrame = (sessionId: string, index: number, kind: string, chunk: string): string =>
  JSON.stringify({ type: 'stream_chunk', data: { sessionId, chunk, metadata: { type: kind, index } } })

const text = (data: Fields, name: string): string => {
  const value = data[name]
  return typeof value === 'string' ? value : ''
}

/**
 * @param session its own id; `shown` is the one that the client knows
 * @param first the message that the session was spawned with, when that is known
 * @param asked what this client said with a message of its own
 */
export const createStream = ({
  session,
  shown,
  first,
  asked,
  joined,
}: {
  session: string
  shown: string
  first: () => string | undefined
  asked: Map<string, Asked>
  /** behind which event or time this listener began to hear */
  joined: () => number | string | undefined
}): Stream => {
  let turn: Open | undefined
  const begun = createBegun()
  const tools = new Map<string, string>()
  const answered = new Set<string>()
  let expired: string[] = []

  const frame = (type: string, more: Fields): string => JSON.stringify({ type, sessionId: shown, ...more })
  const taskIdOf = (message: string, turnId: string): string =>
    message !== '' && message === first() ? firstTaskOf(session) : taskOfMessage(message || turnId)

  const chunk = (open: Open, kind: string, piece: string): string =>
    chunkFrame(shown, open.index++, kind, piece)

  /** Opens a turn; `hears` when its first sentence will be heard from its beginning. */
  const begin = (event: LogEvent, hears: boolean): { open: Open; frames: string[] } => {
    const data = dataOf(event)
    const id = text(data, 'turn')
    const message = text(data, 'message')
    const task = taskIdOf(message, id)
    const ask = asked.get(message)
    const isFirst = event.type === 'turn.started'
    const open = {
      id,
      task,
      asked: ask,
      index: 0,
      hears,
      pieces: 0,
    }
    turn = open
    begun.begin(isFirst ? event.seq - 1 : joined())
    const metadata = event.seq > 0 ? { seq: event.seq } : {}
    const frames = isFirst ? [frame('task_executing', { taskId: task, ...ask?.more })] : []
    if (!ask?.quiet) frames.push(frame('stream_start', { metadata }))
    return { open, frames }
  }

  /** The open turn, and the frames that say so when it had begun before this listener came. */
  const inTurn = (event: LogEvent, hears: boolean): { open: Open; frames: string[] } =>
    turn?.id === text(dataOf(event), 'turn') ? { open: turn, frames: [] } : begin(event, hears)

  const pieceOf = (event: LogEvent): string[] => {
    const data = dataOf(event)
    const { open, frames } = inTurn(event, data['index'] === 0)
    if (!open.hears || open.asked?.quiet) return frames
    open.pieces++
    frames.push(pieceFrame(event, shown, open.index++))
    return frames
  }

  const saidOf = (event: LogEvent, live: boolean): string[] => {
    const data = dataOf(event)
    if (data['role'] !== 'assistant' || data['parent'] !== undefined) return []
    const { open, frames } = inTurn(event, false)
    const told = open.hears && open.pieces > 0
    open.pieces = 0
    open.hears = live
    if (told || open.asked?.quiet) return frames
    const { content } = data
    for (const block of Array.isArray(content) ? content : []) {
      if (!isFields(block)) continue
      if (block['type'] === 'text') frames.push(chunk(open, 'text', text(block, 'text')))
      if (block['type'] === 'thinking') frames.push(chunk(open, 'thinking', text(block, 'thinking')))
    }
    return frames
  }

  const toolText = (type: string, event: LogEvent, more: Fields): string =>
    JSON.stringify({
      type,
      data: { sessionId: shown, ...more, timestamp: new Date(event.at).toISOString() },
    })

  const endOf = (event: LogEvent): string[] => {
    const data = dataOf(event)
    const message = text(data, 'message')
    const ask = asked.get(message)
    const taskId = taskIdOf(message, text(data, 'turn'))
    const streamed = turn?.id === text(data, 'turn') && !turn.asked?.quiet
    turn = undefined
    begun.end(event.seq)
    tools.clear()
    if (message !== '') answered.add(message)
    const ok = data['ok'] === true
    const metadata = { finishReason: ok ? 'stop' : 'error', usage: data['usage'], seq: event.seq }
    return [
      ...(streamed ? [frame('stream_end', { metadata })] : []),
      ok
        ? frame('task_completed', { taskId, result: data['result'], ...ask?.more })
        : frame('task_failed', { taskId, error: text(data, 'error') || 'The task failed', ...ask?.more }),
    ]
  }

  /** A task whose end nobody told has failed with its session, and so have those that were never begun. */
  const overOf = (event: LogEvent): string[] => {
    const data = dataOf(event)
    const error = reasonOf(data)
    const frames = []
    if (turn) {
      const { task: taskId, asked: ask } = turn
      const metadata = { finishReason: 'error', seq: event.seq }
      if (!ask?.quiet) frames.push(frame('stream_end', { metadata }))
      frames.push(frame('task_failed', { taskId, error, ...ask?.more }))
    }
    const never = expired
      .filter((message) => !answered.has(message))
      .map((message) =>
        frame('task_failed', { taskId: taskIdOf(message, ''), error, ...asked.get(message)?.more }),
      )
    expired = []
    answered.clear()
    turn = undefined
    begun.end(event.seq)
    return [...frames, ...never]
  }

  return {
    take: (event, live) => {
      switch (event.type) {
        case 'turn.started':
          return begin(event, live).frames
        case 'session.chunk':
          return pieceOf(event)
        case 'message.said':
          return saidOf(event, live)
        case 'tool.started': {
          const data = dataOf(event)
          const toolName = text(data, 'tool')
          tools.set(text(data, 'toolUse'), toolName)
          const { frames } = inTurn(event, false)
          const more = { toolName, toolInput: data['input'], status: 'started' }
          return [...frames, toolText('tool_call_start', event, more)]
        }
        case 'tool.finished': {
          const data = dataOf(event)
          const ok = data['ok'] === true
          const { frames } = inTurn(event, false)
          const toolName = tools.get(text(data, 'toolUse')) ?? 'unknown'
          tools.delete(text(data, 'toolUse'))
          const more = ok
            ? { toolName, status: 'completed', result: data['result'] }
            : { toolName, status: 'failed', error: data['error'] }
          return [...frames, toolText('tool_call_result', event, more)]
        }
        case 'turn.finished':
          return endOf(event)
        case 'message.expired':
          expired.push(text(dataOf(event), 'message'))
          return []
        default:
          return isEnd(event) ? overOf(event) : []
      }
    },
    before: begun.before,
  }
}

const reasonOf = (data: Fields): string => {
  const stderr = text(data, 'stderr').trim()
  const exit = typeof data['exitCode'] === 'number' ? `Claude Code ended with ${data['exitCode']}` : ''
  return (
    text(data, 'why') ||
    text(data, 'error') ||
    (stderr === '' ? exit : `${exit}: ${stderr}`) ||
    'The session has ended'
  )
}

/** Whether nothing follows until the session is resumed. */
export const isEnd = ({ type }: LogEvent): boolean => type === 'session.ended' || type === 'session.lost'
