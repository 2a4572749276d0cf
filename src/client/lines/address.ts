// The address of a daemon's WebSocket, and what it means when one is not let in there.

import { PaidError, type ErrorCode } from '../../protocol/error.ts'

/** Throws `bad_request` for what is no address of a web server. */
export const webSocketAddress = (url: string | URL): URL => {
  const address = URL.canParse(String(url)) ? new URL(url) : undefined
  const protocol = address && protocols[address.protocol]
  if (!address || !protocol)
    throw new PaidError(
      'bad_request',
      `Not the address of a daemon: ${String(url)}`,
      '`paid status` shows it: http://127.0.0.1:8787',
    )
  const web = new URL(`${protocol}//${address.host}${address.pathname}`)
  if (!web.pathname.endsWith('/')) web.pathname += '/'
  return web
}

const protocols: Record<string, 'ws:' | 'wss:'> = {
  'http:': 'ws:',
  'ws:': 'ws:',
  'https:': 'wss:',
  'wss:': 'wss:',
}

const meanings: Record<number, ErrorCode> = {
  401: 'unauthorized',
  403: 'forbidden',
  429: 'too_many_requests',
}

/** @param status of an HTTP answer at that door; undefined when there was none */
export const refusalOf = (status: number | undefined, { origin, host }: URL): PaidError => {
  const code = meanings[status ?? 0]
  if (code) return new PaidError(code)
  return new PaidError(
    'not_running',
    status === undefined ? `No daemon answers at ${host}` : `What answers at ${origin} is no daemon of ours`,
  )
}
