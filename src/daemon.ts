// THE COMPOSITION ROOT: builds every room, opens every door, and takes all of it down in the reverse order.
// Promises: one daemon for each home; doors open only when everything behind them stands, so whoever gets in gets
// answers; at the end calls are refused first, what was accepted is written, and the sockets are gone. A home that
// cannot be used is a PaidError that says why.

import { existsSync, rmSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { openCaptureSettings } from './capture-settings.ts'
import type { Config } from './config.ts'
import { openDoors } from './doors.ts'
import { takeHome, tokenFor, writeDaemonFile } from './home.ts'
import { claudeFolderOf, type Paths } from './paths.ts'
import { type Choices, createRooms } from './rooms.ts'
import { version } from './version.ts'
import { matches } from './protocol/channel.ts'
import { limits } from './protocol/limits.ts'
import { PaidError } from './protocol/error.ts'
import type { Status } from './protocol/system.ts'
import { systemClock } from './lib/clock.ts'
import { excludingNow } from './lib/exclude.ts'
import { giveBackStartPages } from './lib/start-pages.ts'
import { spoolAt } from './lib/spool.ts'
import { openSteadyClock } from './lib/steady-clock.ts'
import { createBus } from './core/bus.ts'
import { beginRun, bytesOf, endRun, identityOf, openDatabase, openReader } from './core/database.ts'
import { createLog } from './core/log.ts'
import { createLogger } from './core/logger.ts'
import { createArchiveClient } from './archive/client.ts'
import { isLoopback } from './listener.ts'
import { createAttempts } from './transport/http/attempts.ts'
import { createPostToSelf } from './transport/http/post-to-self.ts'
import type { House } from './transport/http/route.ts'
import { createWebhookRates } from './transport/http/webhook-rates.ts'
import { createRefusals } from './transport/refusals.ts'
import { openSpoolDoor } from './transport/spool.ts'
import { createWebSockets } from './transport/websocket.ts'
import { checkDatabase, openArchiveWorker } from './workers.ts'

/** by then the start is over, and so is the first work of whoever waited for it, and what rooms do a while after it */
const startedMs = 2500
/** the last answers leave before the doors close */
const farewellMs = 25

/** Runs until it is told to stop (SIGTERM, SIGINT, SIGHUP, `system.stop`). Throws a PaidError when it cannot start. */
export const runDaemon = async ({
  paths,
  config,
  env,
}: {
  paths: Paths
  config: Config
  env: Record<string, string | undefined>
}): Promise<void> => {
  const umask = process.umask(0o077)
  await using stack = new AsyncDisposableStack()
  takeHome(paths, stack)
  const detached = env['PAID_DETACHED'] !== undefined
  const logger = createLogger({
    path: paths.log,
    level: config.log.level,
    ...(!detached && { echo: (line) => console.error(line) }),
  })
  const startedAt = Date.now()
  const stopped = Promise.withResolvers<{ by: string; reason: string | undefined }>()
  // from here on a signal ends us in order, also while we start
  listenToSignals(stopped.resolve)
  let phase: 'starting' | 'ready' | 'leaving' | 'stopping' = 'starting'

  const database = stack.adopt(openDatabase(paths.database), (open) => open.close())
  const reader = stack.adopt(openReader(paths.database), (open) => open.close())
  const unclean = beginRun(database)
  const bus = createBus()
  const log = createLog({ database, reader, clock: systemClock, logger, deliver: bus.deliver })
  stack.defer(() => {
    log.close()
    endRun(database)
  })

  const refusals = createRefusals()
  const check: { state: Status['log']['check'] } = { state: 'none' }
  const captureSettings = openCaptureSettings(
    join(env['HOME'] || homedir(), '.promptrc.json'),
    config.capture.exclude,
    logger.warn,
  )
  const isExcluded = excludingNow(() => captureSettings().privacy.excludePatterns)
  const archived = createArchiveClient(
    () => ({ path: paths.archive, exclude: captureSettings().privacy.excludePatterns }),
    openArchiveWorker,
  )
  stack.defer(() => archived.close())
  // whoever comes while doors still open is told to wait
  let facts: Choices['facts'] = () => {
    throw new PaidError('stopping', 'The daemon is starting')
  }
  const ground = { log, bus, database, clock: systemClock, steady: openSteadyClock(), logger }
  const { dispatch, ...rooms } = createRooms(ground, {
    accepting: () => phase !== 'stopping',
    bounds: {
      unsentEvents: config.subscriptions.maxUnsentEvents,
      unsentBytes: config.subscriptions.maxUnsentBytes,
    },
    isStored: (channel) => config.channels.stored.some((pattern) => matches(pattern, channel)),
    env,
    umask,
    captureSettings,
    claudeFolder: claudeFolderOf(env),
    isSpooled: spoolAt(paths.spool, limits.spoolBytes).has,
    keeping: config.capture,
    sessions: { ...config.sessions, claude: config.claude.path, workspaces: paths.workspaces },
    archive: {
      client: archived,
      live: config.capture.transcripts,
      exists: () => existsSync(paths.archive),
    },
    guardsFile: paths.guards,
    postToSelf: createPostToSelf(paths.httpSocket),
    isExposed: [...config.listeners, ...config.webhooks.listeners].some(({ host }) => !isLoopback(host)),
    facts: () => facts(),
    stop: (by, reason) => stopped.resolve({ by, reason }),
  })

  const onLagged = (): void => bus.countLagged()
  const webSockets = createWebSockets({ dispatch, bus, refusals, onLagged })
  const house: House = {
    dispatch,
    logger,
    version,
    buildTime: statSync(process.execPath).mtime.toISOString(),
    startedAt,
    maxBody: config.http.maxBody,
    isExcluded,
    rates: createWebhookRates(config.webhooks.ratePerMinute),
    attempts: createAttempts(),
    ready: () => phase === 'ready' && log.writable,
    webSockets: () => webSockets.size,
    onLagged,
    streams: new Set(),
  }
  const token = tokenFor(paths.token, env['PAID_TOKEN'])
  await rooms.recall()
  const doors = await openDoors({ paths, config, token, house, refusals, webSockets, stack })
  const spool = stack.use(openSpoolDoor({ folder: paths.spool, dispatch, logger, isExcluded }))
  stack.defer(async () => {
    if (await rooms.end()) await Bun.sleep(farewellMs)
    webSockets.closeAll()
    for (const close of house.streams) close()
  })

  facts = () => ({
    version,
    pid: process.pid,
    startedAt,
    home: paths.home,
    urls: doors.urls,
    webhookUrls: doors.webhookUrls,
    sockets: doors.sockets,
    ready: house.ready(),
    log: { ...identityOf(reader), bytes: bytesOf(paths.database), check: check.state },
    peers: {
      sockets: doors.connections(),
      webSockets: webSockets.size,
      streams: house.streams.size,
      subscriptions: bus.size,
      lagged: bus.lagged,
    },
    spool: spool.counts(),
    refused: refusals.counts(),
  })

  const daemonEvent = (type: string, data: object) =>
    log
      .append({
        namespace: '',
        channel: 'system:daemon',
        type,
        by: 'daemon:paid',
        dataText: JSON.stringify(data),
      })
      .catch((error: unknown) => logger.error(`${type} could not be noted`, { error }))

  await daemonEvent('system.started', { version, pid: process.pid, urls: doors.urls })
  const { urls, sockets, listeners, webhookListeners } = doors
  writeDaemonFile(paths, { startedAt, urls, sockets, listeners, webhookListeners, config })
  stack.defer(() => rmSync(paths.daemon, { force: true }))
  phase = 'ready'
  rooms.begin()
  logger.info('ready', { version, pid: process.pid, urls: doors.urls, home: paths.home })
  if (unclean) checkDatabase(paths.database, check, logger, stack)

  setTimeout(giveBackStartPages, startedMs).unref()

  const end = await stopped.promise
  phase = 'leaving'
  setTimeout(() => {
    logger.error('stopping took too long')
    process.exit(1)
  }, limits.stopMs).unref()
  logger.info('stopping', end)
  await Bun.sleep(farewellMs)
  doors.goodbye()
  await rooms.finish()
  await daemonEvent('system.stopping', end)
  phase = 'stopping'
}

const listenToSignals = (stop: (end: { by: string; reason: string }) => void): void => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => stop({ by: 'signal', reason: signal }))
}
