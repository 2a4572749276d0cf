// Answers of turns that are over, as their sessions told them.

import type { Database } from 'bun:sqlite'
import { sessionPrefix } from '../../protocol/channel.ts'
import { limits } from '../../protocol/limits.ts'
import { filterOf } from '../../core/filter.ts'
import { pageNewest } from '../../core/query.ts'
import { isFields, numberIn, textIn } from './line.ts'
import type { Place } from './rows.ts'

export type Answered = { turn: string; ok: boolean; result: string; error?: string; costUsd?: number }

/** Among the last turns of a session; undefined when none of them answered this message. */
export const answerIn = (
  reader: Database,
  { namespace, id }: Place,
  message: string,
): Answered | undefined => {
  const filter = filterOf(namespace, { channel: `${sessionPrefix}${id}`, type: 'turn.finished' })
  const { events } = pageNewest(reader, filter, limits.pageEvents)
  const data = events.map((event) => event.data).findLast((each) => textIn(each, 'message') === message)
  if (!isFields(data)) return undefined
  const error = textIn(data, 'error')
  return {
    turn: textIn(data, 'turn') ?? '',
    ok: data['ok'] === true,
    result: textIn(data, 'result') ?? '',
    ...(error !== undefined && { error }),
    costUsd: numberIn(data, 'costUsd') ?? 0,
  }
}
