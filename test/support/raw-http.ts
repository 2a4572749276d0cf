// One HTTP request written by hand, with headers that no client library would send, and the answer as it came.

import { connect } from 'node:net'

export type RawAnswer = {
  /** 0 when the connection closed without an answer */
  status: number
  /** the headers in lower case, one a line, without Date */
  headers: string
  body: string
  /** what is the same for everybody who is refused for the same reason */
  whole: string
}

/**
 * Sends the lines as they are, and a body with its length. Resolves with the first answer.
 * @param address `http://host:port`, or the path of a Unix socket
 */
export const sendRaw = (address: string, lines: readonly string[], body = ''): Promise<RawAnswer> => {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>()
  const url = address.startsWith('/') ? undefined : new URL(address)
  const socket = url
    ? connect(Number(url.port), url.hostname.replace(/^\[|\]$/g, ''))
    : connect({ path: address })
  let received = ''
  const settle = (answer: RawAnswer) => {
    resolve(answer)
    socket.destroy()
  }
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
    const answer = answerIn(received, lines[0]?.startsWith('HEAD ') ?? false)
    if (answer) settle(answer)
  })
  socket.on('error', reject)
  socket.on('close', () => settle({ status: 0, headers: '', body: '', whole: '' }))
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]
  socket.write(`${[...lines, ...length].join('\r\n')}\r\n\r\n${body}`)
  return promise
}

/** The Host header's value for an address. */
export const hostOf = (address: string): string => new URL(address).host

/** What makes a GET a WebSocket's upgrade. */
export const upgrade = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

const answerIn = (text: string, isHead: boolean): RawAnswer | undefined => {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [first = '', ...lines] = text.slice(0, end).split('\r\n')
  const status = Number(first.split(' ')[1])
  const headers = lines
    .map((line) => line.toLowerCase())
    .filter((line) => !line.startsWith('date:'))
    .toSorted()
    .join('\n')
  const length = isHead || status === 101 ? 0 : Number(/^content-length: (\d+)$/m.exec(headers)?.[1] ?? 0)
  const body = text.slice(end + 4, end + 4 + length)
  if (body.length < length) return undefined
  return { status, headers, body, whole: `${first}\n${headers}\n\n${body}` }
}
