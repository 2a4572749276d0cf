// The words of one cron field, read strictly: `*`, numbers, names, ranges, steps, lists, and the day fields' own
// `L`, `LW`, `15W`, `5#2`, `5L`, `?`. Nothing is guessed: `5x`, `1.5`, `*/90` and `0-70/5` are refused, and told why.

import { PaidError } from '../../protocol/error.ts'

export type Field = {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
  /** What it takes besides numbers and names, as a hint says it. */
  readonly also?: string
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']

export const fields = {
  second: { name: 'second', min: 0, max: 59 },
  minute: { name: 'minute', min: 0, max: 59 },
  hour: { name: 'hour', min: 0, max: 23 },
  day: {
    name: 'day of month',
    min: 1,
    max: 31,
    also: 'L for the last day, 15W for the weekday nearest to it',
  },
  month: { name: 'month', min: 1, max: 12, names: months },
  weekday: {
    name: 'weekday',
    min: 0,
    max: 7,
    names: weekdays,
    also: '5L for the last Friday, 5#1 to 5#5 for the first to the fifth',
  },
} as const satisfies Record<string, Field>

/** What a field stands for: its plain values in order, and the words only a month can resolve, as croner reads them. */
export type FieldWords = {
  readonly values: readonly number[]
  readonly special: readonly string[]
  /** A bare star: the field was left open. Day of month and weekday mean OR only when neither was. */
  readonly open: boolean
}

const takes = ({ min, max, names, also }: Field) => {
  const plain = names ? `${min}-${max} or ${names[0]}-${names.at(-1)}` : `${min}-${max}`
  return also ? `Write ${plain}; ${also}.` : `Write ${plain}.`
}

const refuse = (message: string, hint: string): never => {
  throw new PaidError('bad_request', message, hint)
}

/** 7 is Sunday too, so a week has eight numbers and seven days. */
export const sizeOf = (field: Field) => (field === fields.weekday ? 7 : field.max - field.min + 1)

const valueOf = (field: Field, word: string): number => {
  const named = field.names?.indexOf(word) ?? -1
  if (named >= 0) return named + field.min
  const value = /^\d{1,4}$/.test(word) ? Number(word) : Number.NaN
  if (Number.isNaN(value)) refuse(`"${word}" is no ${field.name}`, takes(field))
  if (value < field.min || value > field.max) refuse(`${field.name} ${value} does not exist`, takes(field))
  return value
}

const shape = /^(?:(\*)|([A-Z\d.]+)(?:-([A-Z\d.]+))?)(?:\/(\w+))?$/

/** The values of `*`, `5`, `1-5`, `MON-FRI`, each with an optional `/step`; a bare `5/15` runs to the field's end. */
const spanOf = (field: Field, word: string): number[] => {
  const [matched, star, low, high, step] = shape.exec(word) ?? []
  if (matched === undefined)
    return refuse(
      `"${word}" is no ${field.name}`,
      'Write *, a number, a range like 1-5, a step like */5, or a list.',
    )
  const every = step === undefined ? 1 : stepOf(field, word, step)
  const last = field === fields.weekday ? 6 : field.max
  const from = star || low === undefined ? field.min : valueOf(field, low)
  let to = from
  if (star || (high === undefined && step !== undefined)) to = last
  else if (high !== undefined) to = high === 'SUN' && from > 0 ? 7 : valueOf(field, high)
  if (from > to) {
    const [end, start] = /^\d/.test(word) ? [last, field.min] : [field.names?.at(-1), field.names?.[0]]
    refuse(`${field.name} range ${word} runs backwards`, `Write it as two: ${low}-${end},${start}-${high}.`)
  }
  const values: number[] = []
  for (let value = from; value <= to; value += every) values.push(value)
  return values
}

const stepOf = (field: Field, word: string, step: string): number => {
  const every = /^\d{1,4}$/.test(step) ? Number(step) : 0
  if (every < 1 || every > sizeOf(field))
    refuse(
      `"${word}" has no valid step`,
      `A step of the ${field.name} is a number from 1 to ${sizeOf(field)}.`,
    )
  return every
}

/** `L`, `LW`, `15W` in the day of month, `5L`, `5#2` and ranges of them in the weekday: what only a month can tell. */
const specialOf = (field: Field, word: string): string[] => {
  if (field === fields.day) {
    const nearest = /^(\d+)W$/.exec(word)?.[1]
    if (nearest !== undefined) return [`${valueOf(field, nearest)}W`]
    return word === 'L' || word === 'LW' ? [word] : []
  }
  if (field !== fields.weekday) return []
  const [, days, which] = /^([A-Z\d-]+?)(#.*|L)$/.exec(word) ?? []
  if (days === undefined || which === undefined) return []
  if (!/^(L|#[1-5])$/.test(which)) refuse(`"${word}" is no ${field.name}`, takes(field))
  return spanOf(field, days).map((day) => `${day}${which}`)
}

/** Reads one field, or throws `bad_request`. `text` is in upper case. */
export const readField = (field: Field, text: string): FieldWords => {
  const open = text === '*' || (text === '?' && (field === fields.day || field === fields.weekday))
  const values = new Set<number>()
  const special: string[] = []
  const words = open ? ['*'] : text.split(',')
  for (const word of words) {
    if (word === '')
      refuse(`the ${field.name} "${text}" has an empty place in its list`, 'Write 1,2,3 without gaps.')
    const found = specialOf(field, word)
    special.push(...found)
    if (found.length > 0) continue
    for (const value of spanOf(field, word)) values.add(value)
  }
  if (special.includes('LW') && words.length > 1) refuse('LW cannot stand in a list', 'Make two jobs of it.')
  return { values: [...values].sort((one, other) => one - other), special, open }
}
