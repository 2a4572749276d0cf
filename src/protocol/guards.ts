// The words of the guards room: files that no session touches without a lock. A parameter that nobody knows is refused
// here, because a misspelled one would quietly make another guard than was meant.

import { z } from 'zod'
import { nameOf } from './channel.ts'
import { limits } from './limits.ts'
import { method } from './method.ts'

export const guardPrefix = 'guard:'

export const whenDowns = ['allow', 'deny'] as const

const pattern = nameOf('pattern', limits.guardPatternBytes)
  .refine(
    (given) => !given.includes('/') || given.startsWith('/') || given.startsWith('*'),
    'a pattern with a slash is about the whole path: it begins with / or *',
  )
  .meta({ description: 'files: `*` and `?`; with a `/` it is about the whole path, else about the name' })

export const guard = z.object({
  pattern: z.string(),
  lock: z.string(),
  wait: z
    .int()
    .meta({ description: 'how long a tool waits for the lock, milliseconds; 0: it is refused at once' }),
  whenDown: z.enum(whenDowns).meta({ description: 'what holds while no daemon runs' }),
  by: z.string().meta({ description: '<door>:<name> of the caller that added it' }),
  addedAt: z.int().meta({ description: 'epoch milliseconds' }),
})
export type Guard = z.infer<typeof guard>

export const guards = {
  'guard.add': method({
    summary: 'Have sessions touch matching files only while they hold a lock',
    access: 'admin',
    params: z.strictObject({
      pattern,
      lock: nameOf('lock', limits.lockNameBytes),
      wait: z.int().min(0).max(limits.guardWaitMs).default(0),
      whenDown: z.enum(whenDowns).default('allow'),
    }),
    result: () =>
      z.object({
        added: z.boolean().meta({ description: 'false: there was one of this pattern' }),
        replaced: z.boolean().meta({ description: 'it said something else' }),
        guard,
      }),
    example: { pattern: '/home/ann/project/migrations/*', lock: 'database', wait: 30_000 },
  }),
  'guard.list': method({
    summary: 'Guards, by their patterns',
    access: 'read',
    params: z.strictObject({}),
    result: () => z.object({ guards: z.array(guard) }),
    example: {},
  }),
  'guard.remove': method({
    summary: 'Forget a guard; locks that it took are given back as their turns end',
    access: 'admin',
    params: z.strictObject({ pattern: z.string() }),
    result: () => z.object({ removed: z.boolean() }),
    example: { pattern: '*.lock' },
  }),
  'guard.check': method({
    summary:
      'Whether a session may use a tool: takes the locks that guard what it names, until its turn ends',
    access: 'write',
    params: z.strictObject({
      session: nameOf('session', limits.sessionIdBytes),
      tool: z.string().max(limits.toolCharacters),
      input: z.record(z.string(), z.unknown()),
      directory: z.string().max(limits.pathBytes).default('/'),
    }),
    result: () =>
      z.object({
        allowed: z.boolean(),
        locks: z.array(z.string()).meta({ description: 'that are held for it now' }),
        reason: z.string().optional().meta({ description: 'why not, and what to do about it' }),
      }),
    example: {
      session: '4fa77bb5',
      tool: 'Write',
      input: { file_path: 'migrations/1.sql' },
      directory: '/home/ann/project',
    },
  }),
}
