// A daemon with an address for Happy's clients and one for anybody's, neither of which asks for a token.

import { z } from 'zod'
import { openSessions } from './sessions.ts'

export const happyListeners = ['127.0.0.1:0,auth=none,dialect=happy', '127.0.0.1:0,auth=none'].flatMap(
  (listener) => ['--listen', listener],
)

export const openHappy = (config = {}) => openSessions({ args: happyListeners, config })

/** A session that runs, as Happy's routes show it. */
export const tracked = z.looseObject({ id: z.string(), pid: z.int() })
