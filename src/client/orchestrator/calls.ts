// Requests that wait for their answers, which repeat their ids.

import { PaidError } from '../../protocol/error.ts'
import { bounded } from '../bounds.ts'
import { type Frame, textIn } from './frame.ts'

type Waiting = { resolve: (answer: Frame) => void; reject: (error: Error) => void; answeredBy: string }

const answerWithinMs = 30_000

export const createCalls = (send: (frame: Frame) => void) => {
  const waiting = new Map<string, Waiting>()
  let number = 0
  const nextId = (): string => `q${++number}`

  const call = async (frame: Frame, answeredBy: string): Promise<Frame> => {
    const id = nextId()
    const answer = new Promise<Frame>((resolve, reject) => waiting.set(id, { resolve, reject, answeredBy }))
    try {
      send({ ...frame, id })
      return await bounded(answer, { timeoutMs: answerWithinMs })
    } finally {
      waiting.delete(id)
    }
  }

  return {
    /** Resolves to the answer of this type; rejects with what the daemon refuses it for. */
    call,
    /**
     * Resolves when the daemon has taken what says nothing until it begins: the daemon answers in order, so a ping that
     * follows is answered when it has been taken.
     */
    give: async (frame: Frame): Promise<void> => {
      const id = nextId()
      const refused = new Promise<never>((_resolve, reject) =>
        waiting.set(id, { resolve: () => {}, reject, answeredBy: '' }),
      )
      try {
        send({ ...frame, id })
        await Promise.race([call({ type: 'ping' }, 'pong'), refused])
      } finally {
        waiting.delete(id)
      }
    },
    /** Whether the frame says nothing but to whom it answers. */
    take: (frame: Frame): boolean => {
      const { id, type } = frame
      const each = typeof id === 'string' ? waiting.get(id) : undefined
      if (!each) return false
      if (type === 'error' || type === 'task_failed') {
        each.reject(new Error(textIn(frame, 'error') ?? 'The daemon refused'))
        return type === 'error'
      }
      if (type === each.answeredBy) each.resolve(frame)
      return type === 'pong'
    },
    /** The connection is lost, and no answer will come. */
    fail: (): void => {
      for (const { reject } of waiting.values())
        reject(new PaidError('not_running', 'The connection to the daemon was lost'))
      waiting.clear()
    },
  }
}
