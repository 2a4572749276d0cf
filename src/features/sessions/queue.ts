// What is to be said to a session: what is urgent first, then as it came; notes go with whatever comes next.

import { limits } from '../../protocol/limits.ts'
import { PaidError } from '../../protocol/error.ts'
import type { Urgency } from '../../protocol/sessions.ts'

export type Message = {
  id: string
  text: string
  urgency: Urgency
  by: string
  /** what its sender acts upon: what is told of the message says so */
  cause?: string | undefined
}

export const messageOf = (
  text: string,
  urgency: Urgency,
  { by, cause }: Pick<Message, 'by' | 'cause'>,
): Message => ({
  id: `msg_${crypto.randomUUID()}`,
  text,
  urgency,
  by,
  cause,
})

/** The id under which Claude Code speaks of it. */
export const uuidOf = ({ id }: Message): string => id.slice('msg_'.length)

export const createQueue = () => {
  const urgent: Message[] = []
  const next: Message[] = []
  const notes: Message[] = []
  const all = [urgent, next, notes]

  return {
    get size(): number {
      return urgent.length + next.length + notes.length
    },

    /** Throws `busy` when too much waits. @param unread notes that it was given and has not read */
    add: (message: Message, unread: number): void => {
      if (urgent.length + next.length + notes.length + unread >= limits.sessionQueue)
        throw new PaidError('busy', `${limits.sessionQueue} messages wait for this session already`)
      const { urgency } = message
      ;(urgency === 'now' ? urgent : urgency === 'note' ? notes : next).push(message)
    },

    take: (): Message | undefined => urgent.shift() ?? next.shift(),
    takeNotes: (): Message[] => notes.splice(0),
    takeAll: (): Message[] => all.flatMap((each) => each.splice(0)),
  }
}
