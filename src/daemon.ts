// THE COMPOSITION ROOT: builds every room, opens every door, and takes all of it down in the reverse order.
// Promises: one daemon for each home; doors open only when everything behind them stands, so whoever gets in gets
// answers; at the end calls are refused first, what was accepted is written, and the sockets are gone. A home that
// cannot be used is a PaidError that says why.

import { chmodSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { Database } from 'bun:sqlite'
import { formatListener, type Listener } from './listener.ts'
import type { Config } from './config.ts'
import { freeSocketPath, tokenFor } from './home.ts'
import type { Paths } from './paths.ts'
import { version } from './version.ts'
import { PaidError } from './protocol/error.ts'
import { limits } from './protocol/limits.ts'
import type { Status } from './protocol/system.ts'
import { systemClock } from './lib/clock.ts'
import { acquireFileLock } from './lib/file-lock.ts'
import { ensurePrivateFolder } from './lib/private-folder.ts'
import { processStart } from './lib/process-start.ts'
import { createBus } from './core/bus.ts'
import { openDatabase, openReader } from './core/database.ts'
import { createDispatch, type Dispatch, type Handlers } from './core/dispatch.ts'
import { createLog } from './core/log.ts'
import { createLogger, type Logger } from './core/logger.ts'
import { createEvents } from './features/events.ts'
import { createSessions } from './features/sessions.ts'
import { createSystem } from './features/system.ts'
import { openHttpDoor, ownersEntrance, type Entrance } from './transport/http/http.ts'
import type { House } from './transport/http/routes.ts'
import { createGate } from './transport/http/token.ts'
import { createWall } from './transport/http/wall.ts'
import { createRefusals } from './transport/refusals.ts'
import { openSpoolDoor } from './transport/spool.ts'
import { openUnixDoor } from './transport/unix.ts'
import { createWebSockets } from './transport/websocket.ts'
import type { WorkerReply, WorkerRequest } from './worker.ts'

/** running requests get this long at stop before their connections are closed */
const graceMs = 3000
/** the answer to `system.stop` leaves before the doors close */
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
  process.umask(0o077)
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
  let phase: 'starting' | 'ready' | 'stopping' = 'starting'

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
  const check = { state: 'none' as Status['log']['check'] }
  const dispatch: Dispatch = createDispatch({
    logger,
    accepting: () => phase !== 'stopping',
    handlers: (own): Handlers => ({
      ...createEvents({
        log,
        bus,
        bounds: {
          unsentEvents: config.subscriptions.maxUnsentEvents,
          unsentBytes: config.subscriptions.maxUnsentBytes,
        },
      }),
      ...createSessions({ log }),
      ...createSystem({
        log,
        dispatch: own,
        facts: () => facts(),
        stop: (by, reason) => stopped.resolve({ by, reason }),
      }),
    }),
  })

  const onLagged = (): void => bus.countLagged()
  const webSockets = createWebSockets({ dispatch, refusals, onLagged })
  const house: House = {
    dispatch,
    logger,
    version,
    buildTime: statSync(process.execPath).mtime.toISOString(),
    startedAt,
    maxBody: config.http.maxBody,
    ready: () => phase === 'ready' && log.writable,
    webSockets: () => webSockets.size,
    onLagged,
    streams: new Set(),
  }
  const token = tokenFor(paths.token, env['PAID_TOKEN'])
  const doors = await openDoors({ paths, config, token, house, refusals, webSockets, stack })
  const spool = stack.use(openSpoolDoor({ folder: paths.spool, dispatch, logger }))
  stack.defer(() => {
    webSockets.closeAll()
    for (const close of house.streams) close()
  })

  const facts = () => ({
    version,
    pid: process.pid,
    startedAt,
    home: paths.home,
    urls: doors.urls,
    sockets: [paths.socket, paths.httpSocket],
    ready: house.ready(),
    log: { ...identityOf(reader), bytes: bytesOf(paths.database), check: check.state },
    peers: {
      sockets: doors.sockets(),
      webSockets: webSockets.size,
      streams: house.streams.size,
      subscriptions: bus.size,
      lagged: bus.lagged,
    },
    spool: spool.counts(),
    refused: refusals.counts(),
  })

  const daemonEvent = (type: string, data: object) =>
    log.append({
      namespace: '',
      channel: 'system:daemon',
      type,
      by: 'daemon:paid',
      dataText: JSON.stringify(data),
    })

  await daemonEvent('system.started', { version, pid: process.pid, urls: doors.urls })
  writeDaemonFile(paths, { startedAt, urls: doors.urls, listeners: doors.listeners, config })
  stack.defer(() => rmSync(paths.daemon, { force: true }))
  listenToSignals(stopped.resolve)
  phase = 'ready'
  logger.info('ready', { version, pid: process.pid, urls: doors.urls, home: paths.home })
  if (unclean) checkDatabase(paths.database, check, logger, stack)

  const end = await stopped.promise
  setTimeout(() => {
    logger.error('stopping took too long')
    process.exit(1)
  }, limits.stopMs).unref()
  logger.info('stopping', end)
  await Bun.sleep(farewellMs)
  await daemonEvent('system.stopping', end).catch((error: unknown) =>
    logger.error('the stop could not be noted', { error }),
  )
  phase = 'stopping'
}

const takeHome = (paths: Paths, stack: AsyncDisposableStack): void => {
  try {
    ensurePrivateFolder(paths.home)
    chmodSync(paths.home, 0o700)
    const lock = acquireFileLock(paths.lock)
    if (!lock) throw new PaidError('already_running', `A daemon already runs on ${paths.home}`)
    stack.use(lock)
  } catch (error) {
    if (error instanceof PaidError) throw error
    throw new PaidError(
      'forbidden',
      error instanceof Error ? error.message : String(error),
      'Set PAID_HOME to a folder of your own.',
    )
  }
}

/** Opens the sockets, then the addresses; each is closed by the stack. */
const openDoors = async ({
  paths,
  config,
  token,
  house,
  refusals,
  webSockets,
  stack,
}: {
  paths: Paths
  config: Config
  token: string
  house: House
  refusals: ReturnType<typeof createRefusals>
  webSockets: ReturnType<typeof createWebSockets>
  stack: AsyncDisposableStack
}) => {
  for (const path of [paths.socket, paths.httpSocket]) await freeSocketPath(path)
  const gate = createGate(token)
  const listeners: Listener[] = []
  const urls: string[] = []
  const tcp = (listener: Listener): void => {
    const { host, auth } = listener
    const entrance = (port: number): Entrance => ({
      wall: createWall({ host, port, hosts: config.hosts }),
      ...(auth === 'token'
        ? { gate, scope: 'admin', name: 'http:token' }
        : { gate: undefined, scope: 'write', name: 'http:anyone' }),
    })
    const door = listenOr(listener, () =>
      openHttpDoor({ address: listener, entrance, house, refusals, webSockets }),
    )
    stack.defer(() => door.close(graceMs))
    listeners.push({ ...listener, port: door.port })
    urls.push(door.url)
    if (auth === 'none') house.logger.warn('this address asks nobody for a token', { url: door.url })
  }
  for (const listener of config.listeners) tcp(listener)
  const owners = openHttpDoor({
    address: { unix: paths.httpSocket },
    entrance: () => ownersEntrance,
    house,
    refusals,
    webSockets,
  })
  stack.defer(() => owners.close(graceMs))
  const unix = stack.use(
    openUnixDoor({
      path: paths.socket,
      dispatch: house.dispatch,
      logger: house.logger,
      refusals,
      onLagged: house.onLagged,
    }),
  )
  return { listeners, urls, sockets: () => unix.connections }
}

const listenOr = <T>({ host, port }: Listener, listen: () => T): T => {
  try {
    return listen()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE')
      throw new PaidError(
        'already_running',
        `Port ${port} of ${host} is taken by another program`,
        `Free it, or choose another: paid start --listen ${host}:0`,
      )
    throw new PaidError(
      'bad_request',
      `Cannot listen on ${host}:${port} (${String(code ?? error)})`,
      'Choose an address of this machine: paid start --listen 127.0.0.1:8787',
    )
  }
}

/** Marks the database as in use; true when the run before did not end cleanly. */
const beginRun = (database: Database): boolean => {
  const row = database.query<{ value: string }, []>("SELECT value FROM meta WHERE name = 'run'").get()
  database.run("INSERT INTO meta VALUES ('run', 'running') ON CONFLICT DO UPDATE SET value = 'running'")
  return row?.value === 'running'
}

const endRun = (database: Database): void => {
  database.run("UPDATE meta SET value = 'ended' WHERE name = 'run'")
}

const identityOf = (reader: Database): { id: string; epoch: number } => {
  const rows = reader
    .query<{ name: string; value: string }, []>(
      "SELECT name, value FROM meta WHERE name IN ('log_id', 'epoch')",
    )
    .all()
  const value = (name: string) => rows.find((row) => row.name === name)?.value ?? ''
  return { id: value('log_id'), epoch: Number(value('epoch')) }
}

const bytesOf = (database: string): number =>
  ['', '-wal'].reduce(
    (sum, part) => sum + (statSync(`${database}${part}`, { throwIfNoEntry: false })?.size ?? 0),
    0,
  )

/** How a client finds us; seen whole or not at all. */
const writeDaemonFile = (
  paths: Paths,
  {
    startedAt,
    urls,
    listeners,
    config,
  }: { startedAt: number; urls: string[]; listeners: Listener[]; config: Config },
): void => {
  const content = {
    pid: process.pid,
    startTime: processStart(process.pid),
    version,
    startedAt,
    urls,
    sockets: [paths.socket, paths.httpSocket],
    listen: listeners.map(formatListener),
    flags: config.flags,
  }
  const aside = `${paths.daemon}.${process.pid}`
  writeFileSync(aside, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
  renameSync(aside, paths.daemon)
}

const listenToSignals = (stop: (end: { by: string; reason: string }) => void): void => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => stop({ by: 'signal', reason: signal }))
}

/** Looks the database over in the worker, after an end that was not clean. */
const checkDatabase = (
  path: string,
  check: { state: Status['log']['check'] },
  logger: Logger,
  stack: AsyncDisposableStack,
): void => {
  check.state = 'running'
  const worker = new Worker(new URL('./worker.ts', import.meta.url).href)
  stack.defer(() => worker.terminate())
  worker.onmessage = ({ data }: MessageEvent<WorkerReply>) => {
    check.state = data.damage.length === 0 ? 'ok' : 'damaged'
    if (data.damage.length > 0) logger.error('the database is damaged', { damage: data.damage })
    else logger.info('the database was checked after an unclean stop: it is whole')
    worker.terminate()
  }
  worker.onerror = ({ message }) => logger.error('the database could not be checked', { message })
  const request: WorkerRequest = { kind: 'check', database: path }
  worker.postMessage(request)
}
