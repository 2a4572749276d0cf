// No door at all: the rooms built as the daemon builds them, called through `dispatch`.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { event } from '../../src/protocol/event.ts'
import { createPeer, endPeer } from '../../src/core/peer.ts'
import { nativeCalls } from '../conformance/native.ts'
import type { Caller, House, Pushed } from '../conformance/native/stage.ts'
import { type Engine, openEngine } from '../support/engine.ts'
import { createInbox, type Inbox } from '../support/inbox.ts'

const openRooms = async (folder: string): Promise<Engine> => {
  const engine = openEngine(folder)
  await engine.log.append({
    namespace: '',
    channel: 'system:daemon',
    type: 'system.started',
    by: 'test:rooms',
    dataText: '{}',
  })
  return engine
}

/** What a door would write down: texts, so that nothing but JSON comes back. */
const asWritten = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const connect = async ({ dispatch }: Engine): Promise<Caller> => {
  const heard = new Map<string, Inbox<Pushed>>()
  const inboxOf = (subscription: string) => {
    const inbox = heard.get(subscription) ?? createInbox<Pushed>()
    heard.set(subscription, inbox)
    return inbox
  }
  const peer = createPeer('test:caller', 'admin', '', {
    blocked: false,
    empty: () => Promise.resolve(),
    send: (pushed, subscription) => {
      const { id, type, data } = event.parse(asWritten(pushed))
      inboxOf(subscription.id).push({ ...(id !== undefined && { id }), type, data })
    },
    lagged: (subscription) => inboxOf(subscription.id).end('It fell behind'),
  })
  const call: Caller['call'] = async (method, params) =>
    asWritten(await dispatch(peer, method, params === undefined ? undefined : asWritten(params)))
  return {
    call,
    follow: async (params) => {
      const { subscription } = z
        .object({ subscription: z.string() })
        .parse(await call('event.subscribe', params))
      return {
        subscription,
        next: inboxOf(subscription).next,
        end: async () => void (await call('event.unsubscribe', { subscription })),
      }
    },
    [Symbol.asyncDispose]: async () => endPeer(peer),
  }
}

nativeCalls('dispatch, in process', async (): Promise<House> => {
  const folder = mkdtempSync(join(tmpdir(), 'paid-rooms-'))
  let rooms = await openRooms(folder)
  return {
    connect: () => connect(rooms),
    ownSubscriptions: 0,
    restart: async () => {
      rooms.close()
      rooms = await openRooms(folder)
    },
    [Symbol.asyncDispose]: async () => {
      rooms.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
})
