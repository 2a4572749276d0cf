// Photon's frames: what the daemon says in its words. `data` of subscribe, unsubscribe and publish is the document's to
// the letter; what is more stands beside it.

import { PaidError } from '../../../protocol/error.ts'
import { seqOfId } from '../../../protocol/event.ts'
import type { LogEvent } from '../../../core/log-event.ts'

export type Reply = { success?: boolean; data: unknown; more?: Record<string, unknown> }

/** What a publish without a message leaves as its sender's label. */
export const noMessage = { message: 'absent' }
const noMessageText = JSON.stringify(noMessage)

const messageOf = ({ originText, dataText }: LogEvent): string =>
  originText === noMessageText ? '' : `,"message":${dataText}`

/** Where to resume: the number of a stored event. Undefined for what is none of ours. */
export const resumeOf = (lastEventId: unknown): number | undefined => {
  if (typeof lastEventId === 'number')
    return Number.isSafeInteger(lastEventId) && lastEventId >= 0 ? lastEventId : undefined
  if (typeof lastEventId !== 'string') return undefined
  return seqOfId(lastEventId.startsWith('evt_') ? lastEventId : `evt_${lastEventId}`)
}

export const pong = (id: string): string => `{"type":"pong","id":${JSON.stringify(id)}}`

export const resultText = (id: string, { success, data, more }: Reply): string =>
  JSON.stringify({ type: 'result', id, success, data, ...more })

export const invalidFormat = 'Invalid request format'

/** @param id what the frame said, when that can be an id */
export const errorText = (id: unknown, error: string): string =>
  JSON.stringify({ type: 'error', id: typeof id === 'string' ? id : 'unknown', error })

/** What went wrong with a valid request, and what to do about it. */
export const failureText = (id: string, error: unknown): string => {
  const { message, code, hint } = error instanceof PaidError ? error : new PaidError('internal')
  return JSON.stringify({ type: 'error', id, error: message, code, suggestion: hint })
}

let transients = 0

/** The frame that a subscriber gets; the same for all of them. */
export const encodeMessage = (event: LogEvent): string => {
  const { seq, at } = event
  const id = seq > 0 ? `ch_${seq}` : `ch_${at}_${++transients}`
  const eventId = seq > 0 ? `,"eventId":${seq}` : ''
  return `{"type":"channel_message","id":"${id}","channel":${JSON.stringify(event.channel)}${messageOf(event)}${eventId}}`
}

/** The same, read back for who asked for it with `lastEventId`. */
export const encodeReplay = (event: LogEvent): string =>
  `{"type":"channel_message","id":"replay_${event.seq}","channel":${JSON.stringify(event.channel)}` +
  `${messageOf(event)},"eventId":${event.seq},"replay":true}`

export const laggedText = (id: string, channel: string, lastEventId: number): string =>
  JSON.stringify({ type: 'lagged', id, channel, lastEventId })

export const refreshText = (id: string, channel: string): string =>
  JSON.stringify({ type: 'refresh_needed', id, channel })

export const shutdownText = JSON.stringify({
  type: 'shutdown',
  id: 'daemon-shutdown',
  reason: 'daemon-shutting-down',
})
