// Which doors a daemon opens: its two sockets, and the addresses and sockets of its configuration. One that cannot be
// had is a PaidError that says why; what was opened is closed by the stack.

import type { Config } from './config.ts'
import { freeSocketPath } from './home.ts'
import { isLoopback, type Listener } from './listener.ts'
import type { Paths } from './paths.ts'
import { PaidError } from './protocol/error.ts'
import { claimSocket } from './socket-claim.ts'
import type { SocketPlace } from './socket-place.ts'
import { openHttpDoor, ownersEntrance, type Entrance } from './transport/http/http.ts'
import type { House } from './transport/http/route.ts'
import { createGate } from './transport/http/token.ts'
import { createPages } from './transport/http/pages.ts'
import { createWall } from './transport/http/wall.ts'
import type { Refusals } from './transport/refusals.ts'
import { openUnixDoor } from './transport/unix.ts'
import type { WebSockets } from './transport/websocket.ts'

/** running requests get this long at stop before their connections are closed */
const graceMs = 3000

/** Opens the sockets, then the addresses; each is closed by the stack. */
export const openDoors = async ({
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
  refusals: Refusals
  webSockets: WebSockets
  stack: AsyncDisposableStack
}) => {
  for (const path of [paths.socket, paths.httpSocket]) await freeSocketPath(path)
  const gate = createGate(token)
  const listeners: Listener[] = []
  const urls: string[] = []
  const webhookListeners: Listener[] = []
  const webhookUrls: string[] = []
  const opened: { close: (graceMs: number) => Promise<void> }[] = []
  // all at once: requests that never end cost their moment once, however many addresses there are
  stack.defer(async () => void (await Promise.all(opened.map((door) => door.close(graceMs)))))
  const openAt = (listener: Listener, entrance: (port: number) => Entrance) => {
    const door = listenOr(listener, () =>
      openHttpDoor({ address: listener, entrance, house, refusals, webSockets }),
    )
    opened.push(door)
    return door
  }
  const letIn = (host: string, port: number) => {
    const { hosts } = config
    const pages = createPages({ port, hosts })
    return { pages, wall: createWall({ host, port, hosts, pages }) }
  }
  const tcp = (listener: Listener): void => {
    const { host, auth, dialect } = listener
    const entrance = (port: number): Entrance => ({
      ...letIn(host, port),
      dialect,
      ...(auth === 'none'
        ? { gate: undefined, scope: 'write', name: 'http:anyone' }
        : { gate, scope: 'admin', name: 'http:token', ...(auth === 'frame' && { byFrame: true }) }),
    })
    const door = openAt(listener, entrance)
    listeners.push({ ...listener, port: door.port })
    urls.push(door.url)
    if (auth === 'none') house.logger.warn('this address asks nobody for a token', { url: door.url })
  }
  const webhooksOnly = (listener: Listener): void => {
    const { host } = listener
    const entrance = (port: number): Entrance => ({
      ...letIn(host, port),
      gate: undefined,
      scope: 'read',
      name: 'http:anyone',
      dialect: 'pai',
      webhooksOnly: true,
    })
    const door = openAt(listener, entrance)
    webhookListeners.push({ ...listener, port: door.port })
    webhookUrls.push(door.url)
    if (!isLoopback(host))
      house.logger.warn(
        'others reach this address: it serves webhooks alone, and each judges who may send to it',
        {
          url: door.url,
        },
      )
  }
  for (const listener of config.listeners) tcp(listener)
  for (const listener of config.webhooks.listeners) webhooksOnly(listener)
  const owners = openHttpDoor({
    address: { unix: paths.httpSocket },
    entrance: () => ownersEntrance,
    house,
    refusals,
    webSockets,
  })
  opened.push(owners)
  const { dispatch, logger, onLagged } = house
  const openSocket = (path: string, { namespace, home }: Pick<SocketPlace, 'namespace' | 'home'>) =>
    openUnixDoor({ path, namespace, ...(home && { home }), dispatch, logger, refusals, onLagged })
  const unix = [stack.use(openSocket(paths.socket, { namespace: '' }))]
  for (const place of config.sockets) {
    const { door, release } = await claimSocket(place, (path) => openSocket(path, place))
    stack.defer(release)
    unix.push(door)
  }
  return {
    listeners,
    urls,
    webhookListeners,
    webhookUrls,
    sockets: [paths.socket, paths.httpSocket, ...config.sockets.map(({ path }) => path)],
    /** connections of all sockets but `http.sock` */
    connections: () => unix.reduce((sum, door) => sum + door.connections, 0),
    /** Tells those who would wait for it that the daemon stops. */
    goodbye: (): void => {
      for (const door of unix) door.goodbye()
      webSockets.goodbye()
    },
  }
}

const listenOr = <T>({ host, port }: Listener, listen: () => T): T => {
  try {
    return listen()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE')
      throw new PaidError(
        'address_in_use',
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
