// The WebSocket door: native calls as messages, on the path that speaks them alone and beside the event bus.

import { nativeCalls } from '../conformance/native.ts'
import { createNativeCaller, openDaemonHouse } from '../support/native.ts'
import { openWebSocket } from '../support/websocket.ts'

const isBusFrame = (text: string) => text.startsWith('{"type":')

for (const path of ['/', '/ws'])
  nativeCalls(`WebSocket ${path}`, () =>
    openDaemonHouse(
      async ({ url, token }) =>
        createNativeCaller(
          await openWebSocket(`${url}${path}`, { authorization: `Bearer ${token}` }),
          (text) => path === '/' || !isBusFrame(text),
        ),
      path === '/ws' ? 1 : 0,
    ),
  )
