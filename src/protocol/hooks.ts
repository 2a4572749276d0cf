// The words between a hook of a session and the rooms: what the session is to be told in the reply.

import { z } from 'zod'
import { nameOf } from './channel.ts'
import { onceKey } from './events.ts'
import { limits } from './limits.ts'
import { method } from './method.ts'

const id = nameOf('id', limits.sessionIdBytes)

/** hooks whose reply can tell the session something */
export const tellingHooks = ['UserPromptSubmit', 'PostToolBatch', 'Stop'] as const
export type TellingHook = (typeof tellingHooks)[number]

export const hooks = {
  'session.hook': method({
    summary: 'A session is at this point and reads what it is told: messages that wait for it are given here',
    access: 'write',
    params: z.object({
      id,
      type: z.enum(tellingHooks),
      again: z.boolean().default(false).meta({
        description: 'for Stop: it was sent on already, as stop_hook_active says',
      }),
      key: onceKey.optional().meta({ description: "the hook's own: `session.unanswered` names it" }),
    }),
    result: z.object({
      context: z.string().optional().meta({
        description: 'what it is to know; told it at Stop, the session goes on',
      }),
    }),
    example: { id: '4fa77bb5-9e7a-4bdd-95dd-47d4bba3893f', type: 'UserPromptSubmit' },
  }),
  'session.unanswered': method({
    summary: 'The reply to a hook never reached its session: messages that were in it wait again',
    access: 'write',
    params: z.object({ id, key: onceKey }),
    result: z.object({ messages: z.int().meta({ description: 'that wait again' }) }),
    example: { id: '4fa77bb5-9e7a-4bdd-95dd-47d4bba3893f', key: '0192f0c1-6b1e-7a4e-9f0e-3b1a2c4d5e6f' },
  }),
}
