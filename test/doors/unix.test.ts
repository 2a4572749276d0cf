// The socket door: native calls as lines on `paid.sock`.

import { nativeFrames } from '../conformance/frames.ts'
import { nativeCalls } from '../conformance/native.ts'
import type { TestDaemon } from '../support/daemon.ts'
import { createNativeCaller, openDaemonHouse, type Texts } from '../support/native.ts'
import { openSocket } from '../support/socket.ts'

const connect = async ({ socket }: TestDaemon): Promise<Texts> => {
  const { lines, write, [Symbol.asyncDispose]: end } = await openSocket(socket)
  return { frames: lines, send: (text) => write(`${text}\n`), [Symbol.asyncDispose]: end }
}

nativeCalls('paid.sock', () => openDaemonHouse(async (daemon) => createNativeCaller(await connect(daemon))))
nativeFrames('paid.sock', connect)
