// The words of keys: what the owner gives an agent that runs elsewhere, so that it may come in at /api/daemon. A key and
// its secret are said once, when they are made; after that nobody can read them.

import { z } from 'zod'
import { limits } from './limits.ts'
import { method } from './method.ts'

export const keyPrefix = 'key:'

/**
 * What a key may be limited to; without any it may do everything that an agent may at /api/daemon. That it may open a
 * WebSocket, and run sessions of Claude Code over it, is never meant unless it is said.
 */
export const keyScopes = [
  'events:read',
  'events:write',
  'sessions:read',
  'sessions:write',
  'sessions:run',
  'status:write',
] as const
export type KeyScope = (typeof keyScopes)[number]

/** It stands in the key's own text, in ids and in a channel. */
export const keyName = z
  .string()
  .max(limits.keyNameCharacters)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'letters, digits, dot, dash and underline; a letter or digit first')
  .meta({ description: 'who comes with it; its id at /api/daemon' })

export const organization = z.string().min(1).max(limits.keyNameCharacters)

const key = z.object({
  name: keyName,
  scopes: z.array(z.string()).meta({ description: 'what it is limited to; empty: nothing' }),
  organization: z.string().optional().meta({ description: 'the only one it may say it belongs to' }),
  state: z.enum(['valid', 'expired', 'revoked']),
  by: z.string().meta({ description: '<door>:<name> of the caller that added it' }),
  addedAt: z.int().meta({ description: 'epoch milliseconds' }),
  expiresAt: z.int().optional(),
  revokedAt: z.int().optional(),
  online: z.boolean().meta({ description: 'its agent was heard in the last 90 s' }),
  heardAt: z.int().optional(),
  instance: z.string().optional().meta({ description: 'the instance that is registered' }),
})
export type Key = z.infer<typeof key>

export const keys = {
  'key.add': method({
    summary: 'Make a key for an agent that comes in at /api/daemon; it is said this once',
    access: 'admin',
    params: z.strictObject({
      name: keyName,
      scopes: z.array(z.enum(keyScopes)).max(keyScopes.length).default([]),
      organization: organization.optional(),
      expires: z
        .int()
        .min(1000)
        .max(limits.keyLifeMs)
        .optional()
        .meta({ description: 'how long it is valid, milliseconds; for ever if not said' }),
    }),
    result: () =>
      key.extend({
        key: z.string().meta({ description: 'vp_<name>_<64 hex digits>' }),
        secret: z.string().meta({ description: 'what belongs to it, for logging in' }),
      }),
    example: { name: 'laptop', scopes: ['events:read'] },
  }),
  'key.list': method({
    summary: 'Keys by name, without what they are, and whose agents are there',
    access: 'read',
    params: z.strictObject({
      after: z.string().optional().meta({ description: 'reads on after this name, as `next` said' }),
      limit: z.int().min(1).max(limits.pageKeys).default(limits.pageKeys),
    }),
    result: () =>
      z.object({
        keys: z.array(key),
        next: z.string().optional().meta({ description: 'there are more: give it as after' }),
      }),
    example: {},
  }),
  'key.revoke': method({
    summary: 'Take a key back: its agent is out at once, with every token it has',
    access: 'admin',
    params: z.strictObject({ name: z.string() }),
    result: () => z.object({ revoked: z.boolean() }),
    example: { name: 'laptop' },
  }),
}
