// The query of a reading request, as the parameters of `event.list` and `event.subscribe`. An empty value is none.

import type { z } from 'zod'
import { PaidError } from '../../protocol/error.ts'
import { api, type Parsed } from '../../protocol/api.ts'
import { explain } from '../../core/dispatch.ts'

const names = ['type', 'session', 'channel', 'since', 'limit', 'replay', 'all', 'follow'] as const
const numbers = new Set(['limit', 'replay'])
const switches = new Set(['all', 'follow'])

export type Query = Partial<Record<(typeof names)[number], unknown>>

/** Throws `bad_request` naming a filter that is not valid. Names it does not know are passed over. */
export const queryOf = (parameters: URLSearchParams): Query => {
  const query: Query = {}
  for (const name of names) {
    const values = parameters.getAll(name).filter((value) => value !== '')
    const [value] = values
    if (value === undefined) continue
    if (numbers.has(name)) query[name] = numberOf(name, value)
    else if (switches.has(name)) query[name] = switchOf(name, value)
    else if (name === 'since' && /^\d{1,15}$/.test(value)) query[name] = Number(value)
    else if (name === 'channel' && values.length > 1) query[name] = values
    else query[name] = value
  }
  return query
}

/** The parameters of a subscription; throws `bad_request` when they are not valid. */
export const subscribeParams = (query: Query): Parsed<'event.subscribe'> =>
  valid(api['event.subscribe'].params.safeParse(query))

/** The parameters of a page; throws `bad_request` when they are not valid. */
export const listParams = (query: Query): Parsed<'event.list'> =>
  valid(api['event.list'].params.safeParse(query))

const valid = <T>(parsed: z.ZodSafeParseResult<T>): T => {
  if (parsed.success) return parsed.data
  throw new PaidError('bad_request', explain(parsed.error))
}

const numberOf = (name: string, value: string): number => {
  if (!/^-?\d{1,15}$/.test(value))
    throw new PaidError(
      'bad_request',
      `${name} must be a whole number, not ${JSON.stringify(value.slice(0, 50))}`,
    )
  return Number(value)
}

const switchOf = (name: string, value: string): boolean => {
  if (value === '1' || value === 'true') return true
  if (value === '0' || value === 'false') return false
  throw new PaidError('bad_request', `${name} must be 1 or 0, not ${JSON.stringify(value.slice(0, 50))}`)
}
