// What one type of photon's requests means, and how fields are read from a frame.

import type { Dispatch } from '../../../core/dispatch.ts'
import type { Peer } from '../../../core/peer.ts'
import type { Reply } from './frames.ts'

export type PhotonFrame = Record<string, unknown> & { readonly type: string; readonly id: string }

/** What one type of request means. */
export type Meaning = {
  /** fields that must be strings */
  readonly needs: readonly string[]
  readonly reads: boolean
  readonly reply: (frame: PhotonFrame, dispatch: Dispatch, peer: Peer) => Promise<Reply>
}

export type Meanings = Readonly<Record<string, Meaning>>

/** Clients read an answer in one piece of at most 64 KiB. */
const replyBytes = 60 * 1024

export const name = (frame: PhotonFrame, field: string): string => {
  const value = frame[field]
  return typeof value === 'string' ? value : ''
}

/** The first of these fields that names somebody. */
export const named = (frame: PhotonFrame, ...fields: string[]): string | undefined =>
  fields.map((field) => name(frame, field)).find((value) => value !== '')

/** As many as one answer holds, one at least, and whether some are left. */
export const fitting = <T>(items: readonly T[], most = replyBytes): { fit: T[]; left: boolean } => {
  const fit: T[] = []
  let bytes = 0
  for (const item of items) {
    bytes += Buffer.byteLength(JSON.stringify(item)) + 1
    if (fit.length > 0 && bytes > most) return { fit, left: true }
    fit.push(item)
  }
  return { fit, left: false }
}
