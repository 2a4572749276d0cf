// The runtime's own WebSocket: in browsers, Bun and whatever else has one. In a browser it can neither send headers
// (the token goes into the address of the upgrade, which the daemon never logs) nor stop reading.

import { PaidError } from '../../protocol/error.ts'
import type { Open } from '../line.ts'
import { refusalOf, webSocketAddress } from './address.ts'

export const webSocketLine =
  (url: string | URL, token: string | undefined): Open =>
  ({ text, closed }) =>
    new Promise((resolve, reject) => {
      const address = webSocketAddress(url)
      if (token !== undefined) address.searchParams.set('token', token)
      const socket = new WebSocket(address.href)
      let opened = false
      socket.addEventListener('message', ({ data }) => {
        if (typeof data === 'string') text(data)
      })
      let failed = false
      const fail = () => {
        if (opened || failed) return
        failed = true
        void whyRefused(address, token).then(reject)
      }
      socket.addEventListener('close', () => (opened ? closed() : fail()))
      // `close` follows, but not in every runtime when it never was open
      socket.addEventListener('error', fail)
      socket.addEventListener('open', () => {
        opened = true
        resolve({
          send: (document) => socket.send(document),
          close: () => socket.close(),
          ...(typeof Bun === 'undefined'
            ? {}
            : { pause: () => socket.pause(), resume: () => socket.resume() }),
        })
      })
    })

const answerWithinMs = 5000

/** A WebSocket does not say why it was refused; a request to the same door does. */
const whyRefused = async (address: URL, token: string | undefined): Promise<PaidError> => {
  try {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const { status } = await fetch(pathOf(address, 'methods'), { signal: soon(), headers })
    return refusalOf(status, address)
  } catch {
    return (await isThere(address)) ? notLetIn(address) : refusalOf(undefined, address)
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
