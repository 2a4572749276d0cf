// The days of a cron expression: day of month, month and weekday, with `L`, `W`, `#` and the OR between the two day
// fields. croner knows them. It is asked in UTC, where a day is a day; clocks that change are no matter of its.
// A day is its midnight in epoch milliseconds, read as if the wall clock were UTC.

import { Cron } from 'croner'
import { memo } from '../../lib/memo.ts'

export const dayMs = 86_400_000
/** No search goes further; croner's own ends here too. */
export const lastDay = Date.UTC(3000, 0, 1)

/** The first matching day that is `day` or later, or undefined when none comes. */
export type Days = (day: number) => number | undefined

const everyDay: Days = (day) => (day < lastDay ? day : undefined)

/** `words` are day of month, month and weekday as croner reads them. */
const daysOf = (words: string): Days => {
  if (words === '* * *') return everyDay
  const cron = new Cron(`0 0 ${words}`, { mode: '5-part', utcOffset: 0 })
  let asked: number | undefined
  let answer: number | undefined
  return (day) => {
    if (asked === day) return answer
    asked = day
    answer = cron.nextRun(new Date(day - 1000))?.getTime()
    return answer
  }
}

/** Few, for croner keeps 80 KB with each; jobs share them whatever their time of day. */
export const openDays = memo(50, daysOf)
