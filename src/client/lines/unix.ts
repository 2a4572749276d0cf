// A Unix socket, in whichever way the runtime has: Bun's own is faster and quicker to load than `node:net`.

import type { Open } from '../line.ts'
import { bunSocket } from './bun.ts'

export const unixLine = (path: string): Open =>
  typeof Bun === 'undefined'
    ? async (hearing) => await (await import('./node.ts')).nodeSocket(path)(hearing)
    : bunSocket(path)
