// HTTP as text for a raw wire: request heads that are as wrong as a test wants them, bodies in chunks, and a look at
// what the daemon's process takes.

import { readFileSync } from 'node:fs'
import type { TestDaemon } from './daemon.ts'

export type Asking = { url: string; token: string }

const hostOf = ({ url }: Asking): string => new URL(url).host

/** A request's head with Host, token and these header lines; the empty line that ends it is included. */
export const head = (daemon: Asking, method: string, path: string, ...lines: string[]): string =>
  [`${method} ${path} HTTP/1.1`, `host: ${hostOf(daemon)}`, `authorization: Bearer ${daemon.token}`, ...lines]
    .map((line) => `${line}\r\n`)
    .join('') + '\r\n'

/** A whole `POST` of JSON. */
export const post = (daemon: Asking, path: string, body: string | Uint8Array, ...lines: string[]): Buffer =>
  Buffer.concat([
    Buffer.from(
      head(
        daemon,
        'POST',
        path,
        'content-type: application/json',
        `content-length: ${Buffer.byteLength(body)}`,
        ...lines,
      ),
    ),
    Buffer.from(body),
  ])

export const chunk = (bytes: string | Uint8Array): Buffer =>
  Buffer.concat([
    Buffer.from(`${Buffer.byteLength(bytes).toString(16)}\r\n`),
    Buffer.from(bytes),
    Buffer.from('\r\n'),
  ])

/** The status of each HTTP answer in what came. */
export const statuses = (text: string): number[] =>
  Array.from(text.matchAll(/HTTP\/1\.1 (\d{3}) /g), ([, status]) => Number(status))

const MiB = 1024 * 1024

/** Resident memory of the daemon, in MiB. */
export const residentMiB = ({ pid }: Pick<TestDaemon, 'pid'>): number =>
  (Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024) / MiB

/** Milliseconds that the daemon has been at work: on a busy machine too, what it does takes no more of them. */
export const workedMs = ({ pid }: Pick<TestDaemon, 'pid'>): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  // in hundredths of a second, wherever Linux tells it to programs
  return (Number(user) + Number(system)) * 10
}

/** `fetch` with the daemon's token. */
export const ask = (daemon: Asking, path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${daemon.url}${path}`, {
    ...init,
    headers: {
      authorization: `Bearer ${daemon.token}`,
      'content-type': 'application/json',
      ...Object.fromEntries(new Headers(init.headers)),
    },
  })
