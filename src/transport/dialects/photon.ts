// The photon daemon's words: what its clients ask for as calls of ours, and what ours answer as its frames. A table:
// each type says which names it needs, which call it means, and how the answer reads. Subscriptions, which belong to
// one connection, are in ../photon.ts.
// Source: the photon daemon's protocol document, and the frames of its server.

import { isFields } from '../../lib/fields.ts'
import { channelMeanings } from './photon/channels.ts'
import { daemonMeanings } from './photon/daemon.ts'
import { jobMeanings } from './photon/jobs.ts'
import { lockMeanings } from './photon/locks.ts'
import type { Meaning, Meanings, PhotonFrame } from './photon/meaning.ts'
import { psMeanings } from './photon/ps.ts'

export type { PhotonFrame } from './photon/meaning.ts'

const meanings: Meanings = {
  ...channelMeanings,
  ...jobMeanings,
  ...lockMeanings,
  ...daemonMeanings,
  ...psMeanings,
}

/** types that are answered without a call, or belong to one connection */
const ownTypes = ['ping', 'subscribe', 'unsubscribe', 'command', 'prompt_response']
/** what photons themselves do, which no daemon but theirs can; most name a `method`, and are no calls of ours */
const foreign = [
  'reload',
  'clear_instances',
  'get_execution_history',
  'get_circuit_health',
  'get_line_history',
  'add_manual_schedule',
  ...['enable', 'disable', 'pause', 'resume'].flatMap((verb) => [`${verb}_schedule`, `${verb}_line`]),
]

const known = new Set([...Object.keys(meanings), ...ownTypes, ...foreign])

/** A frame is photon's with one of its types and a string for id. */
export const isPhotonFrame = (frame: unknown): frame is PhotonFrame =>
  isFields(frame) &&
  typeof frame['id'] === 'string' &&
  typeof frame['type'] === 'string' &&
  known.has(frame['type'])

export const meaningOf = (frame: PhotonFrame): Meaning | undefined => meanings[frame.type]

export const isComplete = (frame: PhotonFrame, needs: readonly string[]): boolean =>
  needs.every((field) => typeof frame[field] === 'string')
