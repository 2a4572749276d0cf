// The wait of a WebSocket whose upgrade showed no token, on a listener with `auth=frame`. Its first frame is
// `{"type":"auth","token":…}`, in time, or it is closed with 4401. Promises: until then nothing is served and nothing
// is parsed but one small frame; a guess in a frame counts as one in a header does.

import { limits } from '../protocol/limits.ts'
import { parseJson } from './dialects/json.ts'
import { isFields } from '../lib/fields.ts'

/** Whether a token is right; a wrong one is counted. */
export type Judge = (token: string) => boolean

export type Admission = {
  /** takes the first frame */
  readonly take: (frame: string | Buffer) => void
  /** the socket is closed, nobody waits any more */
  readonly end: () => void
}

const unauthorized = 4401

export const createAdmission = ({
  judge,
  admit,
  close,
}: {
  judge: Judge
  admit: () => void
  close: (code: number, reason: string) => void
}): Admission => {
  const timer = setTimeout(
    () => close(unauthorized, `No token came within ${limits.authFrameMs / 1000} seconds`),
    limits.authFrameMs,
  )
  return {
    take: (frame) => {
      clearTimeout(timer)
      const token = tokenIn(frame)
      if (token === undefined) close(unauthorized, 'The first frame must be {"type":"auth","token":"…"}')
      else if (judge(token)) admit()
      else close(unauthorized, 'The token is not right')
    },
    end: () => clearTimeout(timer),
  }
}

const tokenIn = (frame: string | Buffer): string | undefined => {
  if (Buffer.byteLength(frame) > limits.authFrameBytes) return undefined
  const shown = parsed(frame.toString('utf8'))
  if (!isFields(shown) || shown['type'] !== 'auth') return undefined
  return typeof shown['token'] === 'string' ? shown['token'] : undefined
}

const parsed = (text: string): unknown => {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}
