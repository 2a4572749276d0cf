// Random cron expressions, five fields each, in the words that every well-kept cron reader knows alike: no value twice
// in a list, `#` alone in its field.

import * as fc from 'fast-check'

const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']

const integer = (min: number, max: number) => fc.integer({ min, max })

/** `3`, `3,9-14,20-30/4`: numbers, ranges and stepped ranges between cuts, so that none meets another. */
const list = (min: number, max: number): fc.Arbitrary<string> => {
  const cuts = fc.uniqueArray(integer(min, max), { minLength: 1, maxLength: 6 })
  return fc.tuple(cuts, integer(2, 5)).map(([places, every]) => {
    const sorted = places.toSorted((one, other) => one - other)
    const words: string[] = []
    for (let index = 0; index < sorted.length; index += 2) {
      const [from, to] = [sorted[index], sorted[index + 1]]
      if (to === undefined) words.push(`${from}`)
      else words.push(index % 4 === 0 ? `${from}-${to}` : `${from}-${to}/${every}`)
    }
    return words.join(',')
  })
}

const field = (min: number, max: number, open: number, more: fc.Arbitrary<string>[] = []) =>
  fc.oneof(
    { weight: open, arbitrary: fc.constant('*') },
    { weight: 2, arbitrary: integer(2, Math.floor(max / 2)).map((every) => `*/${every}`) },
    { weight: 2, arbitrary: integer(min, max).map(String) },
    { weight: 4, arbitrary: list(min, max) },
    ...more.map((arbitrary) => ({ weight: 1, arbitrary })),
  )

/** `more` are words of the day of month that not every reader knows. */
export const cronExpressions = (more: string[] = []): fc.Arbitrary<string> =>
  fc
    .tuple(
      field(0, 59, 2),
      field(0, 23, 4),
      field(1, 31, 9, [fc.constantFrom('L', ...more)]),
      field(1, 12, 9, [fc.constantFrom(...months), fc.constant('MAR-JUN,OCT')]),
      field(0, 6, 9, [
        fc.constantFrom(...weekdays, 'MON-FRI', '5-7', '7'),
        fc.tuple(integer(0, 6), integer(1, 5)).map(([day, nth]) => `${day}#${nth}`),
        integer(0, 6).map((day) => `${day}L`),
      ]),
    )
    .map((words) => words.join(' '))
