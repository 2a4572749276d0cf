// A Unix socket in Node.

import { connect } from 'node:net'
import { PaidError } from '../../protocol/error.ts'
import type { Open } from '../line.ts'
import { lineSplitter } from './split.ts'

export const nodeSocket =
  (path: string): Open =>
  async ({ text, closed }) => {
    const socket = connect(path)
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', () => reject(new PaidError('not_running')))
    })
    // an error that nobody hears ends a Node process; `close` follows and tells
    socket.on('error', () => {})
    socket.on('data', lineSplitter(text))
    socket.once('close', closed)
    return {
      send: (document) => void socket.write(`${document}\n`),
      close: () => void socket.end(() => socket.destroy()),
      pause: () => void socket.pause(),
      resume: () => void socket.resume(),
    }
  }
