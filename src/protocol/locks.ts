// The words of the locks room. Spans are whole milliseconds; a parameter that nobody knows is refused here, because a
// misspelled one would quietly give another lease than was asked for.

import { z } from 'zod'
import { isName, nameOf } from './channel.ts'
import { limits } from './limits.ts'
import { method } from './method.ts'

export const lockPrefix = 'lock:'

const name = nameOf('name', limits.lockNameBytes)
const holder = nameOf('holder', limits.holderBytes).optional().meta({
  description: 'who holds it; without it the calling connection, under the name that the answer tells',
})
const named = nameOf('holder', limits.holderBytes)
const token = z.int().positive().optional().meta({
  description: 'the token of the lease that is meant; with it alone no holder need be named',
})
const ttl = z.int().min(1).max(limits.leaseMs)
const note = z
  .string()
  .min(1)
  .max(limits.noteCharacters)
  .meta({ description: 'why it is held, for whoever waits' })

/** `holder`: it outlives its connection; `connection`: it ends with the connection that asked for it. */
const lease = z.enum(['holder', 'connection'])

export const lock = z.object({
  name: z.string(),
  holder: z.string(),
  token: z.int().meta({ description: 'number of its lock.acquired: larger with every new holder, for ever' }),
  acquiredAt: z.int().meta({ description: 'epoch milliseconds' }),
  expiresAt: z.int().meta({ description: 'epoch milliseconds, by the wall clock of now' }),
  note: z.string().optional(),
  by: z.string().meta({ description: '<door>:<name> of the caller that took it' }),
  lease,
})
export type Lock = z.infer<typeof lock>

const busy = z.object({
  acquired: z.literal(false),
  name: z.string(),
  holder: z.string().meta({ description: 'who holds it' }),
  acquiredAt: z.int(),
  expiresAt: z.int(),
  note: z.string().optional(),
  reason: z.enum(['held', 'waited', 'line_full']).meta({
    description: 'held by another; waited in vain; too many wait',
  }),
})
const acquired = lock.omit({ by: true }).extend({ acquired: z.literal(true) })

const reason = z.enum(['not_held', 'not_holder', 'old_token']).meta({
  description: 'nobody holds it; another does; the token is one of an earlier lease',
})

/** A union says in its schema that all of it is objects: what reads schemas looks for that. */
const either = <T extends z.ZodType>(union: T): T => union.meta({ type: 'object' })

const acquireParams = z.strictObject({
  name,
  holder,
  ttl: ttl.default(30_000).meta({ description: 'the lease ends by itself after this long' }),
  wait: z
    .int()
    .min(0)
    .max(limits.lockWaitMs)
    .default(0)
    .meta({ description: 'how long to wait in line; 0 does not' }),
  note: note.optional(),
  lease: lease.default('holder').meta({ description: 'whether it ends with the calling connection' }),
})

const releaseParams = z.strictObject({ name, holder, token })

const isWhole = (value: unknown, from: number, to: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to

/** A lock asked for by name and holder, which the schema would hand on with its defaults. */
export const plainAcquire = (params: unknown): z.output<typeof acquireParams> | undefined => {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return undefined
  for (const key in params)
    if (key !== 'name' && key !== 'holder' && key !== 'ttl' && key !== 'wait') return undefined
  const given: Partial<Record<'name' | 'holder' | 'ttl' | 'wait', unknown>> = params
  const { ttl: span = 30_000, wait = 0 } = given
  if (!isName(given.name, limits.lockNameBytes) || !isName(given.holder, limits.holderBytes)) return undefined
  if (!isWhole(span, 1, limits.leaseMs) || !isWhole(wait, 0, limits.lockWaitMs)) return undefined
  return { name: given.name, holder: given.holder, ttl: span, wait, lease: 'holder' }
}

/** A lock given back by its holder, with or without its token. */
export const plainRelease = (params: unknown): z.output<typeof releaseParams> | undefined => {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return undefined
  for (const key in params) if (key !== 'name' && key !== 'holder' && key !== 'token') return undefined
  const given: Partial<Record<'name' | 'holder' | 'token', unknown>> = params
  if (!isName(given.name, limits.lockNameBytes) || !isName(given.holder, limits.holderBytes)) return undefined
  const { name: lockName, holder: by, token: shown } = given
  if (shown === undefined) return { name: lockName, holder: by }
  return isWhole(shown, 1, Number.MAX_SAFE_INTEGER) ? { name: lockName, holder: by, token: shown } : undefined
}

export const locks = {
  'lock.acquire': method({
    summary: 'Take a lock, or wait in line for it; taken again by its holder, its lease begins anew',
    access: 'write',
    params: acquireParams,
    plain: plainAcquire,
    result: () => either(z.discriminatedUnion('acquired', [acquired, busy])),
    example: { name: 'build', ttl: 60_000, wait: 10_000, note: 'release build' },
  }),
  'lock.renew': method({
    summary: 'Begin the lease of a held lock anew',
    access: 'write',
    params: z.strictObject({
      name,
      holder,
      token,
      ttl: ttl.optional().meta({ description: 'as long as before when not said' }),
    }),
    result: () =>
      either(
        z.discriminatedUnion('renewed', [
          lock.extend({ renewed: z.literal(true) }),
          z.object({ renewed: z.literal(false), reason }),
        ]),
      ),
    example: { name: 'build', token: 12 },
  }),
  'lock.release': method({
    summary: 'Give a lock back; the next in line has it at once',
    access: 'write',
    params: releaseParams,
    plain: plainRelease,
    result: () => z.object({ released: z.boolean(), reason: reason.optional() }),
    example: { name: 'build', token: 12 },
  }),
  'lock.get': method({
    summary: 'Who holds a lock, and how many wait for it',
    access: 'read',
    params: z.strictObject({ name }),
    result: () => z.object({ lock: lock.nullable(), line: z.int() }),
    example: { name: 'build' },
  }),
  'lock.list': method({
    summary: 'Locks that are held, by name',
    access: 'read',
    params: z.strictObject({
      after: name.optional().meta({ description: 'reads on after this name, as `next` said' }),
      limit: z.int().min(1).max(limits.pageLocks).default(limits.pageLocks),
    }),
    result: () =>
      z.object({
        locks: z.array(
          lock.extend({
            waiting: z
              .array(z.string())
              .optional()
              .meta({ description: 'holders to be, the next one first' }),
          }),
        ),
        next: z.string().optional().meta({ description: 'there are more: give it as after' }),
      }),
    example: {},
  }),
  'lock.break': method({
    summary: 'Take a lock from its holder, whoever that is; who did it and why is kept',
    access: 'admin',
    params: z.strictObject({ name, why: z.string().trim().min(1).max(limits.noteCharacters) }),
    result: () => z.object({ broken: z.boolean(), lock: lock.optional() }),
    example: { name: 'build', why: 'its holder crashed' },
  }),
  'lock.transfer': method({
    summary: 'Hand a held lock over to another holder, under a new token and a lease of the same length',
    access: 'write',
    params: z.strictObject({ name, holder: named, to: named }),
    result: () =>
      either(
        z.discriminatedUnion('transferred', [
          lock.extend({ transferred: z.literal(true) }),
          z.object({ transferred: z.literal(false), reason, holder: z.string().optional() }),
        ]),
      ),
    example: { name: 'build', holder: 'planner', to: 'builder' },
  }),
  'lock.assign': method({
    summary: 'Give a lock that nobody else holds to a holder by name',
    access: 'write',
    params: z.strictObject({ name, holder: named, ttl: ttl.default(30_000), note: note.optional() }),
    result: () => either(z.discriminatedUnion('acquired', [acquired, busy])),
    example: { name: 'build', holder: 'builder' },
  }),
}
