// No door at all: the rooms built as the daemon builds them, called through `dispatch`.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { event } from '../../src/protocol/event.ts'
import { limits } from '../../src/protocol/limits.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { openSteadyClock } from '../../src/lib/steady-clock.ts'
import { createBus } from '../../src/core/bus.ts'
import { identityOf, openDatabase, openReader } from '../../src/core/database.ts'
import { createDispatch, type Handlers } from '../../src/core/dispatch.ts'
import { createLog } from '../../src/core/log.ts'
import { createLogger } from '../../src/core/logger.ts'
import { createPeer, endPeer } from '../../src/core/peer.ts'
import { createActions } from '../../src/features/actions.ts'
import { createArchive } from '../../src/features/archive.ts'
import { createCommits } from '../../src/features/commits.ts'
import { createEvents } from '../../src/features/events.ts'
import { createJobs } from '../../src/features/jobs.ts'
import { createLocks } from '../../src/features/locks.ts'
import { createRules } from '../../src/features/rules.ts'
import { createSessions } from '../../src/features/sessions.ts'
import { createSystem } from '../../src/features/system.ts'
import { createWebhooks } from '../../src/features/webhooks.ts'
import { nativeCalls } from '../conformance/native.ts'
import type { Caller, House, Pushed } from '../conformance/native/stage.ts'
import { archiveIn } from '../support/archive.ts'
import { createInbox, type Inbox } from '../support/inbox.ts'

const openRooms = async (folder: string) => {
  const path = join(folder, 'paid.db')
  const database = openDatabase(path)
  const reader = openReader(path)
  const logger = createLogger({ path: join(folder, 'paid.log'), level: 'error' })
  const bus = createBus()
  const log = createLog({ database, reader, clock: systemClock, logger, deliver: bus.deliver })
  const facts = () => ({
    version: '0.0.0',
    pid: process.pid,
    startedAt: 0,
    home: folder,
    urls: [],
    webhookUrls: [],
    sockets: [],
    ready: true,
    log: { ...identityOf(reader), bytes: 0, check: 'none' as const },
    peers: { sockets: 0, webSockets: 0, streams: 0, subscriptions: bus.size, lagged: bus.lagged },
    spool: { waiting: 0, taken: 0, dropped: 0, refused: 0 },
    refused: {},
  })
  const ground = { log, database, clock: systemClock, steady: openSteadyClock(), logger }
  const locks = createLocks(ground)
  const actions = createActions({ ...ground, surroundings: { env: process.env, umask: 0o022 } })
  const jobs = createJobs(ground)
  const rules = createRules({ ...ground, bus })
  const archived = archiveIn(join(folder, 'archive.db'))
  const archive = createArchive({ ...ground, archive: archived, live: true, exists: () => true })
  const keeping = { writePrompts: 'never', gitNotes: false, umask: 0o022 } as const
  const commits = createCommits({
    ...ground,
    archive: archived,
    keeping,
    live: true,
    claudeFolder: undefined,
  })
  const dispatch = createDispatch({
    logger,
    accepting: () => true,
    handlers: (own): Handlers => ({
      ...createEvents({ log, bus, bounds: limits }),
      ...locks.handlers,
      ...actions.handlers(own),
      ...archive.handlers,
      ...commits.handlers,
      ...jobs.handlers(own),
      ...rules.handlers(own),
      ...createSessions({ log }),
      ...createWebhooks({
        ...ground,
        dispatch: own,
        postToSelf: () => Promise.reject(new Error('it has no doors')),
        isExposed: false,
      }),
      ...createSystem({ log, dispatch: own, facts, stop: () => undefined }),
    }),
  })
  rules.begin(dispatch)
  await log.append({
    namespace: '',
    channel: 'system:daemon',
    type: 'system.started',
    by: 'test:rooms',
    dataText: '{}',
  })
  const close = () => {
    jobs.close()
    locks.close()
    rules.close()
    void actions.close()
    log.close()
    reader.close()
    database.close()
  }
  return { dispatch, close }
}

type Rooms = Awaited<ReturnType<typeof openRooms>>

/** What a door would write down: texts, so that nothing but JSON comes back. */
const asWritten = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const connect = async ({ dispatch }: Rooms): Promise<Caller> => {
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
