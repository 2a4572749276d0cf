// A WebSocket in Node, over `node:http`'s upgrade: Node 20 has none of its own, and those of later ones can neither
// stop reading nor say with which status they were refused. RFC 6455, as much of it as a client of text messages
// needs: no extensions are offered, so none can come.

import { createHash, randomBytes } from 'node:crypto'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { PaidError } from '../../protocol/error.ts'
import type { Hearing, Line, Open } from '../line.ts'
import { refusalOf, webSocketAddress } from './address.ts'
import { encodeFrame, frameReader, opcodes } from './websocket-frames.ts'

/** what RFC 6455 adds to the key before it is hashed */
const accepts = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

export const nodeWebSocketLine =
  (url: string | URL, token: string | undefined): Open =>
  async (hearing) => {
    const address = webSocketAddress(url)
    const secure = address.protocol === 'wss:'
    const request = secure ? (await import('node:https')).request : httpRequest
    const key = randomBytes(16).toString('base64')
    const asked = request(address.href.replace(/^ws/, 'http'), {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': key,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
    })
    const expected = createHash('sha1').update(`${key}${accepts}`).digest('base64')
    return await new Promise<Line>((resolve, reject) => {
      asked.once('error', () => reject(refusalOf(undefined, address)))
      asked.once('response', (answer: IncomingMessage) => {
        answer.resume()
        reject(refusalOf(answer.statusCode, address))
      })
      asked.once('upgrade', (answer: IncomingMessage, socket: Duplex, head: Buffer) => {
        if (answer.headers['sec-websocket-accept'] === expected) resolve(lineOver(socket, head, hearing))
        else {
          socket.destroy()
          reject(refusalOf(answer.statusCode, address))
        }
      })
      asked.end()
    })
  }

const lineOver = (socket: Duplex, head: Buffer, { text, closed }: Hearing): Line => {
  const close = () => {
    if (!socket.writableEnded) socket.end(encodeFrame(opcodes.close, Buffer.from([3, 232])))
    // what was written leaves first; the other side need not agree
    socket.once('finish', () => socket.destroy())
  }
  const read = frameReader({
    text,
    ping: (data) => void socket.write(encodeFrame(opcodes.pong, data)),
    close,
  })
  socket.on('error', () => {})
  socket.once('close', closed)
  socket.once('end', () => socket.destroy())
  const take = (bytes: Buffer) => {
    try {
      read(bytes)
    } catch (error) {
      if (!(error instanceof PaidError)) throw error
      socket.destroy()
    }
  }
  // its first frames may have come with the answer; whoever opened the line is to have it before them
  if (head.length > 0) socket.unshift(head)
  socket.on('data', take)
  return {
    send: (document) => void socket.write(encodeFrame(opcodes.text, Buffer.from(document))),
    close,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
  }
}
