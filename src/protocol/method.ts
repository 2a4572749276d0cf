// The declaration every method has: from it come validation, the handlers' types, the typed client, `paid call`,
// GET /methods and the OpenAPI document.

import type { z } from 'zod'

/** What a caller must hold: `read` sees, `write` posts, `admin` steers the daemon itself. Each includes the ones before it. */
export type Access = 'read' | 'write' | 'admin'

export type Method<P extends z.ZodType = z.ZodType, R extends z.ZodType = z.ZodType> = {
  readonly summary: string
  readonly access: Access
  readonly params: P
  /** made when it is asked for: only documents say it, and a schema takes memory */
  readonly result: () => R
  /** What `params` makes of the commonest call, found without it; undefined: ask `params`. For calls that come all day. */
  readonly plain?: (params: unknown) => z.output<P> | undefined
  /** parameters that pass `params`, for help and tests */
  readonly example: z.input<P>
}

export const method = <P extends z.ZodType, R extends z.ZodType>(declaration: Method<P, R>): Method<P, R> =>
  declaration
