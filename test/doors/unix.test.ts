// The socket door: native calls as lines on `paid.sock`.

import { nativeCalls } from '../conformance/native.ts'
import { createNativeCaller, openDaemonHouse } from '../support/native.ts'
import { openSocket } from '../support/socket.ts'

nativeCalls('paid.sock', () =>
  openDaemonHouse(async ({ socket }) => {
    const { lines, write, [Symbol.asyncDispose]: end } = await openSocket(socket)
    return createNativeCaller({
      frames: lines,
      send: (text) => write(`${text}\n`),
      [Symbol.asyncDispose]: end,
    })
  }),
)
