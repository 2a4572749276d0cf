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

const decision = () =>
  z.discriminatedUnion('behavior', [
    z.object({
      behavior: z.literal('allow'),
      updatedInput: z.record(z.string(), z.unknown()).optional(),
      updatedPermissions: z.array(z.record(z.string(), z.unknown())).optional(),
    }),
    z.object({ behavior: z.literal('deny'), message: z.string(), interrupt: z.literal(false) }),
  ])

/** What a session is answered that asked leave, in the words of Claude Code. */
export type Decision = z.infer<ReturnType<typeof decision>>

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
    result: () =>
      z.object({
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
    result: () => z.object({ messages: z.int().meta({ description: 'that wait again' }) }),
    example: { id: '4fa77bb5-9e7a-4bdd-95dd-47d4bba3893f', key: '0192f0c1-6b1e-7a4e-9f0e-3b1a2c4d5e6f' },
  }),
  'session.ask': method({
    summary:
      'A session that was started elsewhere asks leave for a tool: waits for `session.answer`, or for its dialog',
    access: 'write',
    params: z.object({
      id,
      tool: z.string().max(limits.typeBytes),
      input: z.record(z.string(), z.unknown()),
      suggestions: z
        .array(z.unknown())
        .optional()
        .meta({ description: 'rules that would allow it from now on' }),
      agent: z.string().optional().meta({ description: 'the agent inside the session that asks' }),
    }),
    result: () =>
      z.object({
        decision: decision().optional().meta({ description: 'absent: nobody answered, its dialog decides' }),
      }),
    example: { id: '4fa77bb5-9e7a-4bdd-95dd-47d4bba3893f', tool: 'Bash', input: { command: 'make deploy' } },
  }),
  'session.idle': method({
    summary: 'Wait beside a session that does nothing, until something is said to it',
    access: 'write',
    params: z.object({ id }),
    result: () =>
      z.object({
        text: z.string().nullable().meta({ description: 'what is said; null: there is nothing to wait for' }),
      }),
    example: { id: '4fa77bb5-9e7a-4bdd-95dd-47d4bba3893f' },
  }),
}
