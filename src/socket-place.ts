// The sockets a daemon opens for others besides those of its home: where old clients look for theirs, and any path the
// user names. Each has the namespace of whoever comes through it. It refuses paths that are not absolute, names that
// would lead elsewhere, and what is too long for a socket.

import { homedir, tmpdir } from 'node:os'
import { isAbsolute, join, normalize } from 'node:path'
import { limits } from './protocol/limits.ts'
import { PaidError } from './protocol/error.ts'

export type SocketPlace = {
  path: string
  namespace: string
  /** the option that asks for it, as an error names it */
  option: string
  /** the file in which newer clients read whose socket it is */
  ownerFile?: string
  /** the file in which older ones read our process id; its folder must be ours alone */
  pidFile?: string
  /** in whose words what nobody knows is answered; photon's when not said */
  home?: 'capture'
}

export type SocketWishes = {
  /** names of photons */
  photons: readonly string[]
  photonGlobal: boolean
  /** capture's clients are served where their daemon was */
  captureLegacy: boolean
  others: readonly { path: string; namespace: string }[]
  /** paths that are the home's own */
  taken: readonly string[]
  env: Record<string, string | undefined>
}

const photonShape = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/

/** Throws `bad_request` for what cannot be a socket, and for a path that is named twice. */
export const socketPlaces = ({
  photons,
  photonGlobal,
  captureLegacy,
  others,
  taken,
  env,
}: SocketWishes): SocketPlace[] => {
  const userHome = env['HOME'] || homedir()
  const places = [
    ...photons.map((name): SocketPlace => {
      if (!photonShape.test(name))
        throw refused(`--photon ${name}`, 'is no name of a photon', 'Use letters, digits, "-", "_" and ".".')
      const path = join(userHome, '.photon', 'daemons', `${name}.sock`)
      return { path, namespace: name, option: `--photon ${name}` }
    }),
    ...(photonGlobal ? [globalPlace(env['PHOTON_HOME'] || join(userHome, '.photon'))] : []),
    ...(captureLegacy ? [capturePlace(env['TMPDIR'] || tmpdir())] : []),
    ...others.map(({ path, namespace }): SocketPlace => ({
      path: normalize(path),
      namespace,
      option: `--socket ${path}`,
    })),
  ]
  const seen = new Set(taken)
  for (const { path, option } of places) {
    if (!isAbsolute(path)) throw refused(option, `is not an absolute path: ${path}`, 'Begin it with a slash.')
    const bytes = Buffer.byteLength(path)
    if (bytes >= limits.socketPathBytes)
      throw refused(
        option,
        `is too long: ${path} has ${bytes} bytes, a socket path holds ${limits.socketPathBytes - 1}`,
        'Choose a shorter one.',
      )
    if (seen.has(path)) throw refused(option, `names ${path}, which is named already`, 'Name each path once.')
    seen.add(path)
  }
  return places
}

const globalPlace = (photonHome: string): SocketPlace => {
  const folder = join(photonHome, '.data')
  return {
    path: join(folder, 'daemon.sock'),
    namespace: '',
    option: '--photon-global',
    ownerFile: join(folder, 'daemon.owner.json'),
  }
}

const capturePlace = (temporary: string): SocketPlace => {
  const folder = join(temporary, 'gitify-prompt')
  return {
    path: join(folder, 'daemon.sock'),
    namespace: '',
    option: '--capture-legacy',
    pidFile: join(folder, 'daemon.pid'),
    home: 'capture',
  }
}

const refused = (option: string, what: string, hint: string): PaidError =>
  new PaidError('bad_request', `${option} ${what}`, hint)
