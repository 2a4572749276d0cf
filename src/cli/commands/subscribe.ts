// `paid subscribe PATTERN…`: the messages of some channels as they come, one line each, for pipes; through restarts of
// the daemon, until its reader goes.

import { follow } from '../../client/follow.ts'
import { unixLine } from '../../client/lines/unix.ts'
import { filterOf } from '../filters.ts'
import { here, reach } from '../home.ts'
import { isTerminal, say, tell } from '../output.ts'
import { whenReaderGone } from '../reader-gone.ts'
import { visible } from '../visible.ts'

type Given = { patterns: string[]; since: string | undefined; json: boolean }

const subscribe = async ({ patterns, since, json }: Given): Promise<void> => {
  const paths = here()
  const first = await reach(paths)
  first.close()

  const filter = filterOf({ since, channel: patterns, type: undefined, session: undefined, all: false, json })
  const ending = new AbortController()
  const stopLooking = whenReaderGone(() => ending.abort())
  const onState = (state: 'following' | 'lost' | 'lagged') => {
    if (state === 'following') tell('paid: listening (^C ends)')
    if (state === 'lost') tell('paid: the daemon went away; waiting for it')
    if (state === 'lagged') tell('paid: fell behind; catching up')
  }
  const options = { open: unixLine(paths.socket), signal: ending.signal, onState }
  const shown = isTerminal(1) ? visible : (text: string) => text
  for await (const event of follow(filter, options)) say(shown(JSON.stringify(json ? event : event.data)))
  stopLooking()
}

export default subscribe
