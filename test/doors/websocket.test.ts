// The WebSocket door: native calls as messages, on the path that speaks them alone and beside the event bus.

import { nativeFrames } from '../conformance/frames.ts'
import { nativeCalls } from '../conformance/native.ts'
import type { TestDaemon } from '../support/daemon.ts'
import { createNativeCaller, openDaemonHouse } from '../support/native.ts'
import { openWebSocket } from '../support/websocket.ts'

const at =
  (path: string) =>
  ({ url, token }: TestDaemon) =>
    openWebSocket(`${url}${path}`, { authorization: `Bearer ${token}` })

const isBusFrame = (text: string) => text.startsWith('{"type":')

nativeCalls('WebSocket /', () => openDaemonHouse(async (daemon) => createNativeCaller(await at('/')(daemon))))
nativeFrames('WebSocket /', at('/'))

nativeCalls('WebSocket /ws, beside the event bus', () =>
  openDaemonHouse(
    async (daemon) => createNativeCaller(await at('/ws')(daemon), (text) => !isBusFrame(text)),
    1,
  ),
)
