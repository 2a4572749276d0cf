// What a conformance scenario stands on: callers of one daemon, whatever door they came through. Results are checked
// against what the methods declare, so a door that bends an answer fails everywhere.

import { api, type Params, type Result } from '../../../src/protocol/api.ts'
import { errors, PaidError, type ErrorCode } from '../../../src/protocol/error.ts'

/** A pushed event, as far as every door tells it. */
export type Pushed = { id?: string; type: string; data: unknown }

export type Follower = {
  next: () => Promise<Pushed>
  /** its name, where the door gives it one */
  subscription: string
  end: () => Promise<void>
}

export type Caller = AsyncDisposable & {
  /** Rejects with the PaidError that the daemon answered. */
  call: (method: string, params?: unknown) => Promise<unknown>
  follow: (params: Params<'event.subscribe'>) => Promise<Follower>
}

/** A daemon behind a door. */
export type House = AsyncDisposable & {
  connect: () => Promise<Caller>
  /** subscriptions that a connection has from its start, without asking */
  ownSubscriptions: number
  /** Ends it without warning, and starts it again on what it left. */
  restart: () => Promise<void>
}

export type Stage = {
  house: House
  caller: Caller
  /** of this scenario alone */
  channel: string
}

export type Scenario = (stage: Stage) => Promise<void>

export const publish = async (
  { call }: Caller,
  params: Params<'event.publish'>,
): Promise<Result<'event.publish'>> =>
  api['event.publish'].result().parse(await call('event.publish', params))

/** Posts events of these types, one after the other; gives their ids. */
export const publishAll = async (
  caller: Caller,
  channel: string,
  types: readonly string[],
): Promise<string[]> => {
  const ids: string[] = []
  for (const type of types) ids.push(...(await publish(caller, { channel, type })).ids)
  return ids
}

export const list = async ({ call }: Caller, params: Params<'event.list'>): Promise<Result<'event.list'>> =>
  api['event.list'].result().parse(await call('event.list', params))

export const typesIn = async (caller: Caller, params: Params<'event.list'>): Promise<string[]> =>
  (await list(caller, params)).events.map(({ type }) => type)

export const status = async ({ call }: Caller): Promise<Result<'system.status'>> =>
  api['system.status'].result().parse(await call('system.status'))

export const nextTypes = async (follower: Follower, count: number): Promise<string[]> => {
  const types: string[] = []
  while (types.length < count) types.push((await follower.next()).type)
  return types
}

/** The error of a call that must fail. */
export const refusal = async (answer: Promise<unknown>): Promise<PaidError> => {
  let result: unknown
  try {
    result = await answer
  } catch (error) {
    if (error instanceof PaidError) return error
    throw error
  }
  throw new Error(`The call was not refused: ${JSON.stringify(result)}`)
}

/** An error as a door shows it, with nothing more in it than it may have. */
export const errorOf = ({ code, message, hint, ...more }: Record<string, unknown>): PaidError => {
  if (
    !isCode(code) ||
    typeof message !== 'string' ||
    typeof hint !== 'string' ||
    Object.keys(more).length > 0
  )
    throw new Error(`Not an error of the table: ${JSON.stringify({ code, message, hint, ...more })}`)
  return new PaidError(code, message, hint)
}

const isCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(errors, code)
