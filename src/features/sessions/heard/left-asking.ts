// What sessions that were started elsewhere asked for when a daemon was killed: nobody waits for the answer any more, and
// whoever follows them is told so.

import { sessionPrefix } from '../../../protocol/channel.ts'
import { limits } from '../../../protocol/limits.ts'
import { filterOf } from '../../../core/filter.ts'
import type { Log } from '../../../core/log.ts'
import { pageNewest } from '../../../core/query.ts'
import { daemonName } from '../diary.ts'
import { textIn } from '../line.ts'
import { find } from '../rows.ts'

/** Looks among the newest, and tells of each that has no end. Before anything else is asked. */
export const endLeftAsking = async (log: Log): Promise<void> => {
  const open = await log.read((reader) => {
    const newest = (type: string) => pageNewest(reader, filterOf('', { type }), limits.pageEvents).events
    const ended = new Set(
      ['permission.answered', 'permission.cancelled'].flatMap((type) =>
        newest(type).map(({ data }) => textIn(data, 'request')),
      ),
    )
    return newest('permission.requested').flatMap(({ channel, data, by }) => {
      const request = textIn(data, 'request')
      const id = channel.slice(sessionPrefix.length)
      // one that ran here ended with the daemon, and that is told
      const isOpen = by === daemonName && channel.startsWith(sessionPrefix) && !ended.has(request)
      return isOpen && !find(reader, { namespace: '', id }) ? [{ channel, request }] : []
    })
  })
  if (open.length === 0) return
  await log.commit(({ append }) => {
    for (const { channel, request } of open) {
      const data = { request, why: 'The daemon died' }
      append({
        namespace: '',
        channel,
        type: 'permission.cancelled',
        by: daemonName,
        dataText: JSON.stringify(data),
      })
    }
  })
}
