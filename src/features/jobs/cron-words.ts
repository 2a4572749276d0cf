// A cron expression, read strictly: five fields, or six with the seconds in front when seconds are asked for, or one of
// the nicknames. What comes out says when in a day, and on which days; impossible dates are found by whoever has the
// calendar.

import { PaidError } from '../../protocol/error.ts'
import { fields, readField, sizeOf, type FieldWords } from './cron-fields.ts'

export type CronWords = {
  readonly seconds: readonly number[]
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  /** Day of month, month and weekday, in words that croner takes. */
  readonly days: string
  /** True when it names its times of day, false when a step or a star makes it go round and round. */
  readonly fixed: boolean
}

const nicknames: Readonly<Record<string, string>> = {
  '@YEARLY': '0 0 1 1 *',
  '@ANNUALLY': '0 0 1 1 *',
  '@MONTHLY': '0 0 1 * *',
  '@WEEKLY': '0 0 * * 0',
  '@DAILY': '0 0 * * *',
  '@MIDNIGHT': '0 0 * * *',
  '@HOURLY': '0 * * * *',
}

const order = 'minute hour day-of-month month weekday'
const longest = 1000

const spelled = (text: string, seconds: boolean): string[] => {
  const [first = '', ...more] = text.trim().toUpperCase().split(/\s+/)
  if (!first.startsWith('@')) return [first, ...more].filter((word) => word !== '')
  const meant = more.length === 0 ? nicknames[first] : undefined
  if (meant === undefined)
    throw new PaidError(
      'bad_request',
      'that nickname is not known',
      'There are @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually; for spans use `every`.',
    )
  return `${seconds ? '0 ' : ''}${meant}`.split(' ')
}

const wordsOf = (text: string, seconds: boolean): string[] => {
  if (text.length > longest)
    throw new PaidError('bad_request', `it is longer than ${longest} characters`, 'Make several jobs of it.')
  const words = spelled(text, seconds)
  const wanted = seconds ? 6 : 5
  if (words.length === wanted) return words
  const has = words.length === 1 ? '1 field' : `${words.length} fields`
  throw new PaidError(
    'bad_request',
    words.length === 0 ? 'it is empty' : `it has ${has}, expected are ${wanted}`,
    seconds
      ? `Write: second ${order}.`
      : `Write: ${order}.${words.length === 6 ? ' A first field for seconds has to be asked for (`seconds`).' : ''}`,
  )
}

const dayWord = ({ values, special, open }: FieldWords) => (open ? '*' : [...values, ...special].join(','))

/** Reads an expression, or throws `bad_request` saying what is wrong with it. */
export const readCron = (text: string, seconds: boolean): CronWords => {
  try {
    const words = wordsOf(text, seconds)
    const [second = '0', minute = '', hour = '', day = '', month = '', weekday = ''] = seconds
      ? words
      : ['0', ...words]
    const ofMinute = readField(fields.second, second).values
    const minutes = readField(fields.minute, minute).values
    const hours = readField(fields.hour, hour).values
    const rounds = /[*/]/.test(`${second} ${minute} ${hour}`)
    // every hour by its number is every hour: cron programs differ here
    const always = hours.length === sizeOf(fields.hour) || minutes.length === sizeOf(fields.minute)
    return {
      seconds: ofMinute,
      minutes,
      hours,
      days: [
        dayWord(readField(fields.day, day)),
        dayWord(readField(fields.month, month)),
        dayWord(readField(fields.weekday, weekday)),
      ].join(' '),
      fixed: !rounds && !always,
    }
  } catch (error) {
    if (!(error instanceof PaidError)) throw error
    const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
    throw new PaidError('bad_request', `Invalid cron expression ${shown}: ${error.message}`, error.hint)
  }
}
