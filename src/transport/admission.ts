// The wait of a WebSocket whose upgrade showed no token, on a listener with `auth=frame`. Its first frame is
// `{"type":"auth","token":…}`, in time, or it is closed with 4401. Promises: until then nothing is served and nothing
// is parsed but one small frame; a guess in a frame counts as one in a header does.

import { limits } from '../protocol/limits.ts'
import { parseJson } from './dialects/json.ts'
import { isFields } from '../lib/fields.ts'
import type { Guest } from './http/agents/entering.ts'

/** Whether a token is right, or whose it is; a wrong one is counted. */
export type Judge = (token: string) => boolean | Promise<Guest | false>

type Frame = string | Buffer

export type Admission = {
  /** takes the first frame, and what comes behind it before it was judged */
  readonly take: (frame: Frame) => void
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
  /** Gets what came while the token was looked up. */
  admit: (guest: Guest | undefined, early: readonly Frame[]) => void
  close: (code: number, reason: string) => void
}): Admission => {
  const timer = setTimeout(
    () => close(unauthorized, `No token came within ${limits.authFrameMs / 1000} seconds`),
    limits.authFrameMs,
  )
  const early: Frame[] = []
  let isLookedUp = false
  let ended = false

  const decide = (verdict: Guest | boolean): void => {
    if (ended) {
      if (typeof verdict === 'object') verdict.end()
    } else if (verdict === false) close(unauthorized, 'The token is not right')
    else admit(verdict === true ? undefined : verdict, early)
  }

  return {
    take: (frame) => {
      if (isLookedUp) {
        early.push(frame)
        const bytes = early.reduce((sum, each) => sum + Buffer.byteLength(each), 0)
        if (bytes > limits.authFrameBytes) close(unauthorized, 'Too much came before the token was judged')
        return
      }
      clearTimeout(timer)
      const token = tokenIn(frame)
      if (token === undefined)
        return close(unauthorized, 'The first frame must be {"type":"auth","token":"…"}')
      const verdict = judge(token)
      isLookedUp = typeof verdict === 'object'
      if (typeof verdict === 'object') void verdict.then(decide)
      else decide(verdict)
    },
    end: () => {
      ended = true
      clearTimeout(timer)
    },
  }
}

const tokenIn = (frame: Frame): string | undefined => {
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
