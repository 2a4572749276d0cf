// A rule as it is shown.

import type { Rule } from '../../protocol/rules.ts'
import { eventId } from '../../protocol/event.ts'
import type { ConsumerRow, ConsumerState } from '../../core/consumer.ts'
import type { RuleRow } from './rows.ts'

export const shown = (
  { definition, by, addedAt }: RuleRow,
  row: Readonly<ConsumerRow>,
  more: { state: ConsumerState; triesAt: number | undefined; backlog: number; setAside: number },
): Rule => {
  const { triesAt, ...counts } = more
  const { success_seq: success, failure_seq: failure } = row
  return {
    ...definition,
    ...counts,
    cursor: eventId(row.cursor),
    handled: row.handled,
    ...(success !== null && { lastSuccess: { event: eventId(success), at: row.success_at ?? 0 } }),
    ...(failure !== null && {
      lastFailure: { event: eventId(failure), at: row.failure_at ?? 0, error: row.failure ?? '' },
    }),
    ...(row.attempts > 0 && { attempts: row.attempts }),
    ...(triesAt !== undefined && { triesAt }),
    by,
    addedAt,
  }
}
