// `paid tail`: every event as it comes, for ever, through restarts of the daemon.

import { follow } from '../../client/follow.ts'
import { unixLine } from '../../client/lines/unix.ts'
import { eventLine, learnName } from '../event-line.ts'
import { type FilterFlags, filterOf } from '../filters.ts'
import { here, reach } from '../home.ts'
import { isTerminal, say, tell } from '../output.ts'
import { lineStyle, namesOf } from '../screen.ts'

/** On a terminal the last few come first, so that there is something to see. */
const replayed = 10

const tail = async (flags: FilterFlags): Promise<void> => {
  const paths = here()
  const first = await reach(paths)
  const names = await namesOf(first)
  first.close()

  const filter = filterOf(flags)
  const replay = isTerminal(1) && filter.since === undefined ? { replay: replayed } : {}
  const onState = (state: 'following' | 'lost' | 'lagged') => {
    if (state === 'following') tell('paid: following (^C ends)')
    if (state === 'lost') tell('paid: the daemon went away; waiting for it')
    if (state === 'lagged') tell('paid: fell behind; catching up')
  }
  for await (const event of follow({ ...filter, ...replay }, { open: unixLine(paths.socket), onState })) {
    if (flags.json) {
      say(JSON.stringify(event))
      continue
    }
    learnName(event, names)
    say(eventLine(event, names, lineStyle(filter.since !== undefined)))
  }
}

export default tail
