// The way to an `http://` address outside a browser.

import type { Open } from '../line.ts'
import { webSocketLine } from './websocket.ts'

/** Bun says it is a Node too, and has a WebSocket that can stop reading. */
const isNode = typeof Bun === 'undefined' && typeof process !== 'undefined' && 'node' in process.versions

export const webLine = (url: string | URL, token: string | undefined): Open =>
  isNode
    ? async (hearing) => await (await import('./node-websocket.ts')).nodeWebSocketLine(url, token)(hearing)
    : webSocketLine(url, token)
