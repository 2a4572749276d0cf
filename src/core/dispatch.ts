// The one way in: every door, the command line and later cron and webhooks call `dispatch(peer, method, params)`.
// Promises: the scope is checked before anything else is looked at, parameters are validated by the method's own
// schema, a handler gets what its declaration says, and whatever goes wrong comes out as a PaidError of the table.
// Admin calls and refusals leave a line in the log (who, what), never the parameters.

import type { z } from 'zod'
import { api, type Api, type MethodName, type Parsed, type Result } from '../protocol/api.ts'
import { PaidError } from '../protocol/error.ts'
import type { Method } from '../protocol/method.ts'
import type { Logger } from './logger.ts'
import { mayCall, type Peer } from './peer.ts'

/** What a room returns: a handler for each of its methods. A missing one does not compile. */
export type Handlers<M extends MethodName = MethodName> = {
  [N in M]: (params: Parsed<N>, peer: Peer) => Result<N> | Promise<Result<N>>
}

/** The handlers of a room: `HandlersFor<'event'>` are those of `event.*`. */
export type HandlersFor<Room extends string> = Handlers<Extract<MethodName, `${Room}.${string}`>>

export type Call = {
  <M extends MethodName>(peer: Peer, method: M, params: z.input<Api[M]['params']>): Promise<Result<M>>
  (peer: Peer, method: string, params: unknown): Promise<unknown>
}

export type Dispatch = Call & {
  /** The same, whose result comes back itself where the handler had it at once. What it throws is as it was thrown. */
  readonly begin: (peer: Peer, method: string, params: unknown) => unknown
  /** Anything that came of `begin`, as an error that a door may show. */
  readonly failure: (error: unknown, method: string) => PaidError
}

export const isMethod = (name: string): name is MethodName => Object.hasOwn(api, name)

/**
 * @param handlers builds the rooms' handlers; they get the dispatch itself, to reach each other as anybody would
 * @param accepting false while the daemon stops: calls are then refused with `stopping`
 */
export const createDispatch = ({
  handlers: build,
  accepting,
  logger,
}: {
  handlers: (dispatch: Dispatch) => Handlers
  accepting: () => boolean
  logger: Logger
}): Dispatch => {
  const begin = (peer: Peer, name: string, params: unknown): unknown => {
    if (!accepting()) throw new PaidError('stopping')
    const known = methods.get(name)
    if (!known)
      throw new PaidError('unknown_method', `There is no method ${JSON.stringify(name.slice(0, 100))}`)
    const { declared, handler } = known
    const { access } = declared
    if (!mayCall(peer, access)) {
      logger.warn('call refused', { by: peer.by, method: name })
      throw new PaidError(
        'forbidden',
        `${name} needs ${access} access; this caller has ${peer.scope}`,
        'Call it over paid.sock, or with the token.',
      )
    }
    if (access === 'admin') logger.info('admin call', { by: peer.by, method: name })
    return handler(declared.plain?.(params) ?? parsedBy(declared, params), peer)
  }
  const failure = (error: unknown, name: string): PaidError => asPaidError(error, logger, name)
  const call = async (peer: Peer, name: string, params: unknown): Promise<unknown> => {
    try {
      return await begin(peer, name, params)
    } catch (error) {
      throw failure(error, name)
    }
  }
  const dispatch = Object.assign(call as Call, { begin, failure })
  const methods = tableOf(build(dispatch))
  return dispatch
}

type Known = { declared: Method; handler: (params: unknown, peer: Peer) => unknown }

const tableOf = (handlers: Handlers): Map<string, Known> =>
  new Map(
    Object.keys(api)
      .filter(isMethod)
      // the table pairs each name with its own schema and handler, which the compiler cannot see through the union
      .map((name) => [name, { declared: api[name], handler: handlers[name] as Known['handler'] }]),
  )

const parsedBy = ({ params: schema }: Method, params: unknown): unknown => {
  const parsed = schema.safeParse(params ?? {})
  if (!parsed.success) throw new PaidError('bad_request', explain(parsed.error))
  return parsed.data
}

/** Anything thrown, as an error a door may show. What is not ours is logged under a call id and hidden. */
export const asPaidError = (error: unknown, logger: Logger, during: string): PaidError => {
  if (error instanceof PaidError) return error
  const call = crypto.randomUUID().slice(0, 8)
  logger.error('a call failed', { call, during, error })
  return new PaidError('internal', `Something went wrong inside the daemon (call ${call})`)
}

/** The first thing that is wrong, with its place: `limit: Too big: expected number to be <=1000`. */
export const explain = (error: z.ZodError): string => {
  const [issue] = error.issues
  if (!issue) return 'The parameters are not valid'
  if (issue.code === 'invalid_union' && issue.message === unionMessage) {
    // the branch that was meant: it holds deepest, and is not merely another kind of thing
    const [nearest] = issue.errors.toSorted((a, b) => closeness(b) - closeness(a))
    const [inner] = nearest ?? []
    if (inner) return placed([...issue.path, ...inner.path], inner.message)
  }
  return placed(issue.path, issue.message)
}

/** what zod says of a union that has no words of its own */
const unionMessage = 'Invalid input'

const closeness = (branch: readonly z.core.$ZodIssue[]): number =>
  Math.max(...branch.map(({ path, code }) => 2 * path.length + (code === 'invalid_type' ? 0 : 1)))

const placed = (path: readonly PropertyKey[], message: string): string => {
  const place = path.map(String).join('.')
  // a name's own message begins with what it names
  return place === '' || message.startsWith(`${place} `) ? message : `${place}: ${message}`
}
