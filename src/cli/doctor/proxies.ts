// Proxies of this shell that would catch what programs send to the daemon: a request to 127.0.0.1 goes to the proxy,
// which has no daemon. Our own commands and hooks use sockets and are not caught.

import type { Facts } from './facts.ts'
import { type Finding, ok, warning } from './finding.ts'

const name = 'proxies'
const variables = ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'] as const
const ours = ['127.0.0.1', 'localhost'] as const

export const checkProxies = ({ env }: Pick<Facts, 'env'>): Finding[] => {
  const set = variables.filter((variable) => env[variable])
  if (set.length === 0) return [ok(name, 'none')]
  const spared = [env['no_proxy'], env['NO_PROXY']].filter((text) => text !== undefined && text !== '')
  // Programs read one spelling or the other: each that is said has to spare us.
  const caught = ours.filter(
    (host) => spared.length === 0 || !spared.every((text) => covers(text ?? '', host)),
  )
  // The value may hold a password: the name is enough.
  if (caught.length === 0) return [ok(name, `${set.join(', ')}, not for 127.0.0.1 and localhost`)]
  return [
    warning(
      name,
      `${set.join(', ')} would catch what programs of this shell send to ${caught.join(' and ')}`,
      'export NO_PROXY=127.0.0.1,localhost,::1 no_proxy=127.0.0.1,localhost,::1 (with what is in them already)',
    ),
  ]
}

const covers = (list: string, host: (typeof ours)[number]): boolean =>
  list
    .split(/[\s,]+/)
    .map((entry) => entry.toLowerCase())
    .some(
      (entry) =>
        entry === '*' ||
        entry.replace(/^\*?\./, '') === host ||
        (host === '127.0.0.1' && isLoopbackNet(entry)),
    )

const isLoopbackNet = (entry: string): boolean => {
  const bits = Number(/^127\.0\.0\.[01]\/(\d{1,2})$/.exec(entry)?.[1] ?? NaN)
  return (bits >= 8 && bits <= 24) || entry === '127.0.0.1/32' || /^127\.(?:\d+\.)*\*$/.test(entry)
}
