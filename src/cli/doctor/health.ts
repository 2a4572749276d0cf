// Who answers at an address: `GET /health`, asked over a bare connection, because `fetch` would follow HTTP_PROXY.

import { parseReply } from '../hooks/reply.ts'

export type Address = { unix: string } | { hostname: string; port: number }

/** `silent`: nobody there, or no whole answer in time; `stranger`: an answer that is not a daemon's. */
export type Answer = { startedAt: number } | 'stranger' | 'silent' | 'refused'

const answerWithinMs = 2000

export const healthOf = (address: Address): Promise<Answer> => {
  const { promise, resolve } = Promise.withResolvers<Answer>()
  const host = 'unix' in address ? 'paid' : hostText(address)
  let connection: { terminate(): void } | undefined
  let received: Buffer = Buffer.alloc(0)
  const end = (answer: Answer) => {
    clearTimeout(timer)
    connection?.terminate()
    resolve(answer)
  }
  const timer = setTimeout(() => end('silent'), answerWithinMs)
  const read = (closed: boolean) => {
    const reply = parseReply(received, closed)
    if (typeof reply === 'object') end(judged(reply.body))
    else if (reply === 'malformed') end('stranger')
  }
  const socket: Bun.SocketHandler = {
    open: (opened) => {
      connection = opened
      opened.write(`GET /health HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
    },
    data: (_, bytes) => {
      received = Buffer.concat([received, bytes])
      read(false)
    },
    close: () => read(true),
    error: () => end('silent'),
  }
  const connecting =
    'unix' in address ? Bun.connect({ ...address, socket }) : Bun.connect({ ...address, socket })
  connecting.catch(() => end('refused'))
  return promise
}

const hostText = ({ hostname, port }: { hostname: string; port: number }): string =>
  `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`

const judged = (body: Uint8Array): Answer => {
  try {
    const health: unknown = JSON.parse(Buffer.from(body).toString())
    if (typeof health !== 'object' || health === null || !('uptime' in health)) return 'stranger'
    return typeof health.uptime === 'number' ? { startedAt: Date.now() - health.uptime * 1000 } : 'stranger'
  } catch {
    return 'stranger'
  }
}
