// The engine room without its doors: a real database in a temporary folder, the log, the bus and the rooms as the
// daemon joins them. Only the clock is not real. Opened again on the same folder, it is the daemon after a restart.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../src/lib/clock.ts'
import { openSteadyClock } from '../../src/lib/steady-clock.ts'
import { type CaptureSettings, standardCaptureSettings } from '../../src/protocol/capture.ts'
import { type Bus, createBus } from '../../src/core/bus.ts'
import { openDatabase, openReader } from '../../src/core/database.ts'
import { createLog } from '../../src/core/log.ts'
import type { Draft } from '../../src/core/log-event.ts'
import type { LogEvent } from '../../src/core/log-event.ts'
import type { Logger } from '../../src/core/logger.ts'
import { loadConfig } from '../../src/config.ts'
import { pathsOf } from '../../src/paths.ts'
import { createRooms } from '../../src/rooms.ts'
import { archiveIn } from './archive.ts'

/** A folder of its own for one test; gone with the scope it was made in. */
export const temporaryFolder = (): Disposable & { path: string } => {
  const path = mkdtempSync(join(tmpdir(), 'paid-core-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** A draft of an event; what is not given does not matter to the test. */
export const draftOf = (fields: Partial<Draft> = {}): Draft => ({
  namespace: '',
  channel: 'events',
  type: 'test.happened',
  by: 'test:one',
  dataText: '{}',
  ...fields,
})

export type Entry = { level: keyof Logger; message: string; values: Record<string, unknown> | undefined }

/** A diary in memory, and a way to wait for what is written into it. */
export const openDiary = () => {
  const entries: Entry[] = []
  const waiting: { message: string; resolve: () => void }[] = []
  const write =
    (level: keyof Logger) =>
    (message: string, values?: Record<string, unknown>): void => {
      entries.push({ level, message, values })
      for (const wait of waiting) if (wait.message === message) wait.resolve()
    }
  const logger: Logger = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  }
  const written = (message: string): Promise<void> =>
    new Promise((resolve) => {
      waiting.push({ message, resolve })
    })
  return { entries, logger, written }
}

export type Engine = ReturnType<typeof openEngine>

export const openEngine = (
  folder: string,
  {
    clock = { now: () => Date.now() },
    steady = openSteadyClock(),
    bounds = { unsentEvents: 1000, unsentBytes: 1024 * 1024 },
    exposed = false,
    captureSettings = (): CaptureSettings => standardCaptureSettings,
    keeping = { writePrompts: 'repo' as 'repo' | 'always' | 'never', gitNotes: false },
  } = {},
) => {
  const path = join(folder, 'paid.db')
  const diary = openDiary()
  const database = openDatabase(path)
  const reader = openReader(path)
  const bus = createBus()
  const delivered: LogEvent[] = []
  /** called with each group that is delivered, before the bus gets it */
  const observers: ((events: readonly LogEvent[]) => void)[] = []
  const deliver = (events: readonly LogEvent[]): void => {
    for (const observe of observers) observe(events)
    delivered.push(...events)
    bus.deliver(events)
  }
  const timed: Clock = clock
  const log = createLog({ database, reader, clock: timed, logger: diary.logger, deliver })
  const state = { accepting: true, stoppedBy: '' }
  const ground = { log, bus, database, clock: timed, steady, logger: diary.logger }
  const archived = archiveIn(join(folder, 'archive.db'))
  const { dispatch, ...rooms } = createRooms(ground, {
    accepting: () => state.accepting,
    bounds,
    isStored: () => false,
    env: process.env,
    umask: 0o022,
    captureSettings,
    keeping,
    claudeFolder: undefined,
    isSpooled: () => false,
    sessions: {
      ...loadConfig({ paths: pathsOf(folder) }).sessions,
      claude: '',
      workspaces: join(folder, 'workspaces'),
    },
    archive: { client: archived, live: true, exists: () => true },
    guardsFile: join(folder, 'guards.json'),
    // it has no doors
    postToSelf: () => Promise.reject(new Error('nobody listens')),
    isExposed: exposed,
    facts: () => factsOf(folder, bus),
    stop: (by) => {
      state.stoppedBy = by
    },
  })
  rooms.begin()
  let open = true
  const close = (): void => {
    if (!open) return
    open = false
    void rooms.end()
    void archived.close()
    log.close()
    reader.close()
    database.close()
  }
  return {
    path,
    database,
    /** what somebody sees who reads through the log */
    get reader() {
      void log.read(() => undefined)
      return reader
    },
    log,
    bus,
    dispatch,
    delivered,
    observers,
    diary,
    state,
    close,
    /** As the daemon stops: what runs is ended first. */
    end: async () => {
      await rooms.finish()
      await rooms.end()
      close()
    },
    [Symbol.dispose]: close,
  }
}

const factsOf = (home: string, { size, lagged }: Bus) => ({
  version: '0.0.0',
  pid: process.pid,
  startedAt: 0,
  home,
  urls: [],
  webhookUrls: [],
  sockets: [],
  ready: true,
  log: { id: 'log', epoch: 1, bytes: 0, check: 'none' as const },
  peers: { sockets: 0, webSockets: 0, streams: 0, subscriptions: size, lagged },
  spool: { waiting: 0, taken: 0, dropped: 0, refused: 0 },
  refused: {},
})
