// `paid events`: what was kept, as `tail` shows it or as one JSON array.

import { countOf } from '../count.ts'
import { eventLine, learnName } from '../event-line.ts'
import { type FilterFlags, filterOf } from '../filters.ts'
import { withDaemon } from '../home.ts'
import { say, sayJson, tell } from '../output.ts'
import { lineStyle, namesOf } from '../screen.ts'

const events = async (flags: FilterFlags & { limit: string | undefined }): Promise<void> => {
  const limit = flags.limit === undefined ? undefined : countOf(flags.limit, '--limit')
  await withDaemon(async (daemon) => {
    const found = await daemon.call('event.list', {
      ...filterOf(flags),
      ...(limit === undefined ? {} : { limit }),
    })
    if (flags.json) return sayJson(found.events)
    if (found.events.length === 0) return tell('No events.')
    const names = await namesOf(daemon)
    const today = new Date().toDateString()
    const dated = found.events.some(({ at }) => new Date(at).toDateString() !== today)
    for (const event of found.events) {
      learnName(event, names)
      say(eventLine(event, names, lineStyle(dated)))
    }
  })
}

export default events
