// Follows events for somebody who reads our output: says on stderr how it stands, goes on through restarts of the
// daemon, and ends when the reader goes.

import { follow } from '../client/follow.ts'
import { unixLine } from '../client/lines/unix.ts'
import type { Paths } from '../paths.ts'
import { tell } from './output.ts'
import { whenReaderGone } from './reader-gone.ts'

type Wanted = Parameters<typeof follow>[0]

/** @param word what is said when it has begun */
export async function* following(paths: Paths, wanted: Wanted, word: string): ReturnType<typeof follow> {
  const ending = new AbortController()
  const stopLooking = whenReaderGone(() => ending.abort())
  const onState = (state: 'following' | 'lost' | 'lagged') => {
    if (state === 'following') tell(`paid: ${word} (^C ends)`)
    if (state === 'lost') tell('paid: the daemon went away; waiting for it')
    if (state === 'lagged') tell('paid: fell behind; catching up')
  }
  try {
    yield* follow(wanted, { open: unixLine(paths.socket), signal: ending.signal, onState })
  } finally {
    stopLooking()
  }
}
