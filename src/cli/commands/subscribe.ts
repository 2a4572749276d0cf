// `paid subscribe PATTERN…`: the messages of some channels as they come, one line each, for pipes; through restarts of
// the daemon, until its reader goes.

import { filterOf } from '../filters.ts'
import { following } from '../following.ts'
import { here, reach } from '../home.ts'
import { isTerminal, say } from '../output.ts'
import { visible } from '../visible.ts'

type Given = { patterns: string[]; since: string | undefined; json: boolean }

const subscribe = async ({ patterns, since, json }: Given): Promise<void> => {
  const paths = here()
  const first = await reach(paths)
  first.close()

  const filter = filterOf({ since, channel: patterns, type: undefined, session: undefined, all: false, json })
  const shown = isTerminal(1) ? visible : (text: string) => text
  for await (const event of following(paths, filter, 'listening'))
    say(shown(JSON.stringify(json ? event : event.data)))
}

export default subscribe
