// One address the daemon listens on: `host:port[,auth=token|none|frame][,dialect=pai|orchestrator|photon|happy]`.
// It refuses an address that others could reach without a token, and a name that could turn out to be one:
// `localhost` means 127.0.0.1 here, whatever the machine's tables say.

import { PaidError } from './protocol/error.ts'

/** `frame`: a WebSocket may show its token in its first frame, for clients that cannot show it before */
export const auths = ['token', 'none', 'frame'] as const
export type Auth = (typeof auths)[number]
/** whose words a path speaks on which two old systems differ */
const dialects = ['pai', 'orchestrator', 'photon', 'happy'] as const
export type ListenerDialect = (typeof dialects)[number]

/** `host` without brackets: `127.0.0.1`, `::1`, `0.0.0.0`, a name. */
export type Listener = { host: string; port: number; auth: Auth; dialect: ListenerDialect }

const form = 'Write host:port, [ipv6]:port, and options after commas: 127.0.0.1:8787,auth=token'

/** Throws `bad_request` naming `place` for what it does not take. `auth` is for a text that does not say. */
export const parseListener = (text: string, auth: Auth, place: string): Listener => {
  const refused = (what: string, hint = form) =>
    new PaidError('bad_request', `${place}: "${text}" ${what}`, hint)
  const [address = '', ...settings] = text.split(',')
  const [, written = '', digits = ''] =
    /^(\[[0-9a-fA-F:.]+\]|[^:\s[\]/@?#\\%]+):(\d{1,5})$/.exec(address) ?? []
  const port = Number(digits)
  if (digits === '' || port > 65535) throw refused('is not host:port')
  const host = hostOf(written)
  if (host === undefined) throw refused('has a host that is neither an address nor a name')

  const listener: Listener = { host, port, auth, dialect: 'pai' }
  for (const setting of settings) {
    const [key = '', value = ''] = setting.split('=', 2)
    if (key === 'auth') {
      const found = auths.find((known) => known === value)
      if (!found) throw refused(`has auth=${value}`, `auth is one of ${auths.join(', ')}.`)
      listener.auth = found
    } else if (key === 'dialect') {
      const found = dialects.find((known) => known === value)
      if (!found) throw refused(`has dialect=${value}`, `dialect is one of ${dialects.join(', ')}.`)
      listener.dialect = found
    } else throw refused(`has an option "${key}"`, 'Options of a listener are auth and dialect.')
  }
  if (listener.auth === 'none' && !isLoopback(host))
    throw refused(
      'can be reached by others and would need no token',
      'Without a token only 127.0.0.1, [::1] and localhost are served. Leave auth=token.',
    )
  return listener
}

/** The text that gives the same listener again, with nothing left to a default. */
export const formatListener = (listener: Listener): string =>
  `${formatAddress(listener)},auth=${listener.auth},dialect=${listener.dialect}`

export const formatAddress = ({ host, port }: Pick<Listener, 'host' | 'port'>): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`

/** An address that only this machine reaches. Names are not: their tables can be changed. */
export const isLoopback = (host: string): boolean => host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)

/** In its one written form (`127.1` is 127.0.0.1, `[0:0::1]` is ::1), as a URL reads it. */
const hostOf = (written: string): string | undefined => {
  try {
    const { hostname } = new URL(`http://${written}`)
    const host = hostname.replace(/^\[|\]$/g, '')
    return host === 'localhost' ? '127.0.0.1' : host
  } catch {
    return undefined
  }
}
