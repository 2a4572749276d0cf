// How a message from outside stands before a session that did not ask for it: who it is from, that the user did not type
// it, and each of its lines quoted, so that none can pass for anything else. Its id is what tells that it was seen.

import type { Message } from '../queue.ts'

/** tags by which Claude Code sets its own words apart */
const ownTags = /<(?=\/?(?:system-reminder|task-notification|persisted-output)\b)/gi

/** a name may be anybody's */
const unseen = /[\p{C}\p{Zl}\p{Zp}]/gu

export const marked = ({ id, by, text }: Pick<Message, 'id' | 'by' | 'text'>): string => {
  const quoted = text
    .replaceAll(ownTags, '&lt;')
    .split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/)
    .map((line) => `> ${line}`)
  const from = by.replaceAll(unseen, '?')
  return `Message from ${from} by paid (${id}), not typed by the user of this session:\n${quoted.join('\n')}`
}

/** Several of them in one text. */
export const markedAll = (messages: readonly Message[]): string => messages.map(marked).join('\n\n')
