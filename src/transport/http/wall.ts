// The browser wall: what is refused before anybody asks for a token, so that a page in the user's browser learns and
// does nothing. Host must be a name we listen as (DNS rebinding), Origin must be ours, and a browser that says the
// request comes from another site is believed. The answer is the same for a known and an unknown path.

import { networkInterfaces } from 'node:os'
import type { Reason } from '../refusals.ts'
import type { Pages } from './pages.ts'

/** Paths whose answers say nothing about us but that we are up. */
export const openPaths = new Set(['/health', '/ready', '/version'])

export type Wall = (request: Request, path: string) => Reason | undefined

/** The wall of a Unix socket: only programs of the owner reach it, no browser does. */
export const noWall: Wall = () => undefined

/**
 * @param hosts more names we are known by, `name` or `name:port`
 * @param pages those of them that a browser may say it shows
 */
export const createWall = ({
  host,
  port,
  hosts,
  pages,
}: {
  host: string
  port: number
  hosts: readonly string[]
  pages: Pages
}): Wall => {
  // browsers write names in lower case, and leave the scheme's own port out
  const own = addressesOf(host)
    .map((name) => `${name}:${port}`)
    .flatMap((name) => (name.endsWith(':80') ? [name, name.slice(0, -3)] : [name]))
  const given = hosts.map((name) => name.toLowerCase()).flatMap((name) => [name, `${name}:${port}`])
  const names = new Set([...own, ...given])
  const origins = new Set(own.map((name) => `http://${name}`))

  return (request, path) => {
    const headers = request.headers
    if (!names.has(headers.get('host') ?? '')) return 'host'
    if (openPaths.has(path) && !headers.has('upgrade')) return undefined
    // of another site than ours by its nature, whatever the browser calls it
    if (pages(request) !== undefined) return undefined
    const origin = headers.get('origin')
    if (origin !== null && !origins.has(origin)) return 'origin'
    const site = headers.get('sec-fetch-site')
    if (site !== null && site !== 'same-origin' && site !== 'none') return 'site'
    return undefined
  }
}

/** The names a listener's address goes by, as they stand in a Host header. */
const addressesOf = (host: string): string[] => {
  const local = ['localhost', '127.0.0.1', '[::1]']
  if (host === '127.0.0.1') return ['127.0.0.1', 'localhost']
  if (host === '::1') return ['[::1]', 'localhost']
  const wildcard = host === '0.0.0.0' || host === '::'
  if (!wildcard) return [host.includes(':') ? `[${host}]` : host]
  const own = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address))
  return [...new Set([...local, ...own])]
}
