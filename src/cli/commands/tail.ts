// `paid tail`: every event as it comes, for ever, through restarts of the daemon.

import { eventLine, learnName } from '../event-line.ts'
import { type FilterFlags, filterOf } from '../filters.ts'
import { following } from '../following.ts'
import { here, reach } from '../home.ts'
import { isTerminal, say } from '../output.ts'
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
  for await (const event of following(paths, { ...filter, ...replay }, 'following')) {
    if (flags.json) {
      say(JSON.stringify(event))
      continue
    }
    learnName(event, names)
    say(eventLine(event, names, lineStyle(filter.since !== undefined)))
  }
}

export default tail
