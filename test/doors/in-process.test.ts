// No door at all: the rooms built as the daemon builds them, called through `dispatch`.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { event } from '../../src/protocol/event.ts'
import { createPeer, endPeer } from '../../src/core/peer.ts'
import { nativeCalls } from '../conformance/native.ts'
import type { Caller, House } from '../conformance/native/stage.ts'
import { type Engine, openEngine } from '../support/engine.ts'
import { createFollowed } from '../support/followed.ts'

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
  const followed = createFollowed()
  const peer = createPeer('test:caller', 'admin', '', {
    blocked: false,
    empty: () => Promise.resolve(),
    send: (pushed, subscription) => followed.push(subscription.id, event.parse(asWritten(pushed))),
    lagged: (subscription) => followed.end(subscription.id, 'It fell behind'),
  })
  const call: Caller['call'] = async (method, params) =>
    asWritten(await dispatch(peer, method, params === undefined ? undefined : asWritten(params)))
  return {
    call,
    follow: followed.by(call),
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
