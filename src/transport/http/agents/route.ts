// What the routes of /api/daemon have in common: what each gets, how it reads its body, how it says yes.

import type { z } from 'zod'
import type { Peer } from '../../../core/peer.ts'
import { complaintOf, fieldErrors } from '../../dialects/orchestrator/agent-bodies.ts'
import { bodyOf, type Renamed, type Shape } from '../../dialects/orchestrator/agent-refusals.ts'
import { parseJson } from '../../dialects/json.ts'
import { jsonText } from '../answer.ts'
import type { House } from '../route.ts'

export type Asked = {
  request: Request
  query: URLSearchParams
  /** access token, '' for none */
  token: string
  body: () => Promise<string>
  keepOpen: () => void
}
export type Route = {
  shape: Shape
  renamed?: Renamed
  answer: (asked: Asked) => Response | Promise<Response>
}
/** The routes of one path, by method. */
export type Methods = Partial<Record<'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', Route>>

export type Ground = Pick<House, 'dispatch' | 'streams' | 'onLagged'> & { peer: Peer }

export const said = (value: unknown, status = 200): Response => jsonText(JSON.stringify(value), status)

/** A body that is not as it should be, and what is answered to it. */
export class BodyRefused extends Error {
  readonly response: Response
  constructor(response: Response) {
    super('a body was refused')
    this.response = response
  }
}

/** @param otherwise what is said instead of the fields that are wrong */
export const read = async <T extends z.ZodType>(
  schema: T,
  { body }: Asked,
  otherwise?: string,
): Promise<z.output<T>> => parsed(schema, parseJson(await body()), otherwise)

export const parsed = <T extends z.ZodType>(schema: T, value: unknown, otherwise?: string): z.output<T> => {
  const found = schema.safeParse(value, { error: complaintOf })
  if (found.success) return found.data
  const text =
    otherwise === undefined
      ? bodyOf('nested', 'Validation failed', 'VALIDATION_ERROR', { errors: fieldErrors(found.error) })
      : bodyOf('flat', otherwise, 'VALIDATION_ERROR')
  throw new BodyRefused(jsonText(text, 400))
}
