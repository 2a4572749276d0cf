// The addresses: of a running daemon, that it is the one who answers there; else, that a daemon could have them.

import { PaidError } from '../../protocol/error.ts'
import type { Facts } from './facts.ts'
import { failed, type Finding, ok } from './finding.ts'
import { healthOf } from './health.ts'

const name = 'ports'
/** two clocks and a round trip lie between what both say of the start */
const sameStartMs = 2000

export const checkPorts = async ({ status, held, config }: Facts): Promise<Finding[]> => {
  if (status) {
    const urls = [...status.urls, ...status.webhookUrls]
    return await Promise.all(urls.map((url) => checkUrl(url, status.startedAt)))
  }
  if (held || config instanceof PaidError) return []
  return await Promise.all([...config.listeners, ...config.webhooks.listeners].map(checkFree))
}

const checkUrl = async (url: string, startedAt: number): Promise<Finding> => {
  const { hostname, port } = new URL(url)
  const answer = await healthOf({
    hostname: reachable(hostname.replace(/^\[|\]$/g, '')),
    port: Number(port) || 80,
  })
  if (answer === 'refused' || answer === 'silent')
    return failed(
      name,
      `the daemon does not answer at ${url}`,
      'See `paid logs`; `paid restart` opens it anew.',
    )
  if (answer === 'stranger' || Math.abs(answer.startedAt - startedAt) > sameStartMs)
    return failed(
      name,
      `another program answers at ${url}`,
      'Choose another address: paid restart --listen 127.0.0.1:0',
    )
  return ok(name, `${url} answers, and it is this daemon`)
}

const checkFree = async ({ host, port }: { host: string; port: number }): Promise<Finding> => {
  if (port === 0) return ok(name, `any free port of ${host}`)
  const answer = await healthOf({ hostname: reachable(host), port })
  if (answer === 'refused') return ok(name, `port ${port} of ${host} is free`)
  const who = typeof answer === 'object' ? 'a daemon of another home' : 'another program'
  return failed(
    name,
    `port ${port} of ${host} is taken by ${who}: a daemon could not start`,
    'End it, or choose another: paid start --listen 127.0.0.1:0',
  )
}

/** Who listens on all addresses is asked at this machine's own. */
const reachable = (host: string): string => (host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host)
