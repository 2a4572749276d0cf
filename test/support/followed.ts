// What a caller follows: the events of each subscription, kept for whoever asks for the next.

import { z } from 'zod'
import type { Event } from '../../src/protocol/event.ts'
import type { Caller, Pushed } from '../conformance/native/stage.ts'
import { createInbox, type Inbox } from './inbox.ts'

export const createFollowed = () => {
  const heard = new Map<string, Inbox<Pushed>>()
  const inboxOf = (subscription: string): Inbox<Pushed> => {
    const inbox = heard.get(subscription) ?? createInbox<Pushed>()
    heard.set(subscription, inbox)
    return inbox
  }
  return {
    push: (subscription: string, { id, type, data }: Event): void =>
      inboxOf(subscription).push({ ...(id !== undefined && { id }), type, data }),
    end: (subscription: string, why: string): void => inboxOf(subscription).end(why),
    endAll: (why: string): void => {
      for (const inbox of heard.values()) inbox.end(why)
    },
    /** A caller's own `follow`, by its calls. */
    by:
      (call: Caller['call']): Caller['follow'] =>
      async (params) => {
        const { subscription } = z
          .object({ subscription: z.string() })
          .parse(await call('event.subscribe', params))
        return {
          subscription,
          next: inboxOf(subscription).next,
          end: async () => void (await call('event.unsubscribe', { subscription })),
        }
      },
  }
}
