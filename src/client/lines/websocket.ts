// The runtime's own WebSocket: in browsers, Bun and whatever else has one. In a browser it can neither send headers
// (the token goes into the address of the upgrade, which the daemon never logs) nor stop reading.

import { PaidError } from '../../protocol/error.ts'
import type { Hearing, Line, Open } from '../line.ts'
import { refusalOf, webSocketAddress } from './address.ts'

export const webSocketLine =
  (url: string | URL, token: string | undefined): Open =>
  async (hearing) => {
    const address = webSocketAddress(url)
    const withToken = new URL(address)
    if (token !== undefined) withToken.searchParams.set('token', token)
    const first = await lineTo(withToken, hearing)
    if (first) return first
    const refusal = await refusalAt(address, token)
    if (refusal) throw refusal
    if (!(await isThere(address))) throw refusalOf(undefined, address)
    // who is there now may not have been a moment ago
    const second = await lineTo(withToken, hearing)
    if (second) return second
    throw notLetIn(address)
  }

/** Undefined when it does not open, of which a WebSocket does not say why. */
const lineTo = ({ href }: URL, { text, closed }: Hearing): Promise<Line | undefined> =>
  new Promise((resolve) => {
    const socket = new WebSocket(href)
    let opened = false
    const over = () => (opened ? closed() : resolve(undefined))
    socket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') text(data)
    })
    socket.addEventListener('close', over)
    // `close` follows, but not in every runtime when it never was open
    socket.addEventListener('error', () => {
      if (!opened) over()
    })
    socket.addEventListener('open', () => {
      opened = true
      resolve({
        send: (document) => socket.send(document),
        close: () => socket.close(),
        ...(typeof Bun === 'undefined' ? {} : { pause: () => socket.pause(), resume: () => socket.resume() }),
      })
    })
  })

const answerWithinMs = 5000

/** What a request to the same door is told; undefined when it gets no answer that we may read. */
const refusalAt = async (address: URL, token: string | undefined): Promise<PaidError | undefined> => {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  try {
    const { status } = await fetch(pathOf(address, 'methods'), { signal: soon(), headers })
    return refusalOf(status, address)
  } catch {
    return undefined
  }
}

/** A page of another origin is told nothing but whether anybody answers. */
const isThere = async (address: URL): Promise<boolean> => {
  try {
    await fetch(pathOf(address, 'health'), { signal: soon(), mode: 'no-cors' })
    return true
  } catch {
    return false
  }
}

const notLetIn = ({ host }: URL): PaidError =>
  new PaidError(
    'forbidden',
    `The daemon at ${host} does not let this page in`,
    "A page of another origin needs its host:port in the daemon's `hosts`, and the token.",
  )

const pathOf = (address: URL, path: string): URL => {
  const asked = new URL(path, address)
  asked.protocol = address.protocol === 'wss:' ? 'https:' : 'http:'
  asked.search = ''
  return asked
}

const soon = (): AbortSignal => AbortSignal.timeout(answerWithinMs)
