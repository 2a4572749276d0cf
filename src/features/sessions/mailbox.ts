// The channel `session:<id>:inbox`: a message that anybody posts there is said to the session, while it runs here, or
// waits for it, while it runs elsewhere.

import { sessionPrefix } from '../../protocol/channel.ts'
import { limits } from '../../protocol/limits.ts'
import { urgencies, type Urgency } from '../../protocol/sessions.ts'
import { filterOf } from '../../core/filter.ts'
import type { Ground } from '../../core/ground.ts'
import type { LogEvent } from '../../core/log-event.ts'
import { textIn } from './line.ts'
import { type Message, messageOf } from './queue.ts'
import type { Place } from './rows.ts'

const ending = ':inbox'

/** Whether it is a session's inbox, and so none of a session of its own. */
export const isInbox = (channel: string): boolean => channel.endsWith(ending)

type Heard = Pick<Ground, 'bus' | 'logger'>

/** Gives back what closes it. */
export const openMailbox = (
  ground: Heard,
  { namespace, id }: Place,
  send: (message: Message) => Promise<unknown>,
): (() => void) =>
  listen(ground, namespace, `${sessionPrefix}${id}${ending}`, (_id, message) => send(message))

/** Of every session that hooks can tell of. Gives back what closes them. */
export const openMailboxes = (
  ground: Heard,
  send: (id: string, message: Message) => Promise<unknown>,
): (() => void) => listen(ground, '', `${sessionPrefix}*`, send)

const listen = (
  { bus, logger }: Heard,
  namespace: string,
  channel: string,
  send: (id: string, message: Message) => Promise<unknown>,
): (() => void) => {
  const listener = {
    own: true,
    filter: filterOf(namespace, { channel }),
    offer: (event: LogEvent): void => {
      if (!isInbox(event.channel)) return
      const message = messageIn(event)
      if (!message) return
      const id = event.channel.slice(sessionPrefix.length, -ending.length)
      send(id, message).catch((error: unknown) => {
        logger.warn('a message for a session was refused', { session: id, error })
      })
    },
  } as const
  bus.add(listener)
  return () => bus.remove(listener)
}

/** A text, or `{text, urgency}`; undefined for what is neither. */
const messageIn = ({ dataText, by, origin }: LogEvent): Message | undefined => {
  const data: unknown = JSON.parse(dataText)
  const text = typeof data === 'string' ? data : textIn(data, 'text')
  if (text === undefined || text === '' || Buffer.byteLength(text) > limits.sessionTextBytes) return undefined
  const given = textIn(data, 'urgency')
  const urgency: Urgency = urgencies.find((each) => each === given) ?? 'next-turn'
  return messageOf(text, urgency, { by, cause: textIn(origin, 'cause') })
}
