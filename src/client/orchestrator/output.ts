// What was heard of one session, so that what a connection missed is told once: after it the daemon says the open turn
// again from its beginning, in pieces that are cut elsewhere, and what was told of it before is left out.

import { type Frame, fieldsIn, numberIn, textIn } from './frame.ts'

export type Output = ReturnType<typeof createOutput>

type Turn = {
  /** unknown when it had begun before it was heard */
  task: string | undefined
  streams: boolean
  /** It is being said again. */
  again: boolean
  ended: boolean
  /** the event that ended its stream */
  endSeq: number | undefined
  /** of the next chunk */
  index: number
  /** How much of each kind was told, and how much of it the daemon has said on this connection. */
  told: Record<string, number>
  said: Record<string, number>
}

const rememberedTasks = 100

/** @param began when it is listened to, for as long as nothing was heard: an event's number, or a time */
export const createOutput = (began: number | string) => {
  let since = began
  let turn: Turn | undefined
  let skipped: string | undefined
  let text = ''
  /** What comes next is the turn that was open, again. */
  let rewound = false
  const finished = new Set<string>()

  const begin = (task?: string): Turn => ({
    task,
    streams: false,
    again: false,
    ended: false,
    endSeq: undefined,
    index: 0,
    told: {},
    said: {},
  })

  /** How much of `amount` is new. */
  const count = (of: Turn, kind: string, amount: number): number => {
    const [told, said] = [of.told[kind] ?? 0, (of.said[kind] ?? 0) + amount]
    of.said[kind] = said
    of.told[kind] = Math.max(told, said)
    return Math.max(0, Math.min(amount, said - told))
  }

  /** Of the open turn only what is behind what was told is new. */
  const repeat = (open: Turn): undefined => {
    rewound = false
    open.again = true
    open.said = {}
  }

  const executing = (frame: Frame): Frame | undefined => {
    const task = textIn(frame, 'taskId')
    if (task !== undefined && finished.has(task)) {
      skipped = task
      return undefined
    }
    skipped = undefined
    const isAgain = rewound ? turn?.streams : task !== undefined && turn?.task === task
    if (turn && isAgain) {
      // a daemon of another life may call it otherwise
      turn.task = task
      return repeat(turn)
    }
    rewound = false
    turn = begin(task)
    return frame
  }

  const start = (frame: Frame): Frame | undefined => {
    // of another turn it would have been told first: this one is said again, if only from where it was first heard
    if (turn?.streams && !turn.ended) return repeat(turn)
    if (!turn || turn.streams) turn = begin()
    turn.streams = true
    text = ''
    const seq = numberIn(fieldsIn(frame, 'metadata') ?? {}, 'seq')
    if (seq !== undefined) since = seq - 1
    return frame
  }

  const chunk = (frame: Frame): Frame | undefined => {
    const open = (turn ??= begin())
    const data = fieldsIn(frame, 'data') ?? {}
    const metadata = fieldsIn(data, 'metadata') ?? {}
    const kind = textIn(metadata, 'type') ?? 'text'
    const piece = textIn(data, 'chunk') ?? ''
    const fresh = count(open, kind, piece.length)
    if (fresh === 0) return undefined
    const rest = piece.slice(piece.length - fresh)
    if (kind === 'text') text += rest
    return { ...frame, data: { ...data, chunk: rest, metadata: { ...metadata, index: open.index++ } } }
  }

  const end = (frame: Frame): Frame | undefined => {
    const open = (turn ??= begin())
    if (open.ended) return undefined
    open.ended = true
    open.endSeq = numberIn(fieldsIn(frame, 'metadata') ?? {}, 'seq')
    // what follows belongs to the same event, and may be lost with the connection
    if (open.endSeq !== undefined) since = open.endSeq - 1
    return frame
  }

  const over = (frame: Frame): Frame | undefined => {
    const task = textIn(frame, 'taskId')
    if (task !== undefined) {
      if (finished.has(task)) return undefined
      finished.add(task)
      for (const oldest of finished) if (finished.size > rememberedTasks) finished.delete(oldest)
    }
    if (turn && (turn.ended || turn.task === undefined || turn.task === task)) {
      since = turn.endSeq ?? since
      turn = undefined
    }
    return frame
  }

  const takes: Readonly<Record<string, (frame: Frame) => Frame | undefined>> = {
    task_executing: executing,
    stream_start: start,
    stream_chunk: chunk,
    tool_call_start: (frame) => (count((turn ??= begin()), 'tool_call_start', 1) ? frame : undefined),
    tool_call_result: (frame) => (count((turn ??= begin()), 'tool_call_result', 1) ? frame : undefined),
    stream_end: end,
    task_completed: over,
    task_failed: over,
  }

  return {
    /** What of a frame is new; undefined when nothing is. */
    take: (frame: Frame): Frame | undefined => {
      const type = textIn(frame, 'type') ?? ''
      const take = Object.hasOwn(takes, type) ? takes[type] : undefined
      if (!take) return frame
      if (skipped !== undefined && type !== 'task_executing') {
        if (textIn(frame, 'taskId') === skipped) skipped = undefined
        return undefined
      }
      return take(frame)
    },
    /** The daemon is asked to say again what came since. */
    rewind: (): void => {
      rewound = turn !== undefined && !turn.ended
      skipped = undefined
    },
    /** It has nothing of it any more: what comes next is new. */
    forget: (): void => {
      rewound = false
      turn = undefined
    },
    /** From where the daemon is to say it again. */
    get since() {
      return since
    },
    /** The text of the last turn. */
    get text() {
      return text
    },
  }
}
