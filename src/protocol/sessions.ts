// The words of the sessions room: Claude Code at work, whether we started it or only heard of it.

import { z } from 'zod'
import { nameOf } from './channel.ts'
import { limits } from './limits.ts'
import { method } from './method.ts'

export const sessionKinds = ['managed', 'heard', 'captured'] as const
export const liveStatuses = ['initializing', 'running', 'waiting', 'idle'] as const
/** these never change again, but by `session.resume` */
export const endStatuses = ['completed', 'failed', 'terminated', 'lost'] as const
export const sessionStatuses = [...liveStatuses, ...endStatuses] as const
export type SessionStatus = (typeof sessionStatuses)[number]
export type EndStatus = (typeof endStatuses)[number]

const tokens = z.object({ input: z.int(), output: z.int(), cacheRead: z.int(), cacheWrite: z.int() })
export type Tokens = z.infer<typeof tokens>

export const session = z.object({
  id: z.string(),
  kind: z.enum(sessionKinds).meta({ description: 'managed: started here; heard: by its hooks or events' }),
  status: z
    .enum(sessionStatuses)
    .optional()
    .meta({ description: 'absent: nobody knows whether it still runs' }),
  folder: z.string().optional(),
  title: z.string().optional().meta({ description: "Claude's title, or the first line of its first prompt" }),
  events: z.int(),
  firstAt: z.int(),
  firstEvent: z.string().meta({ description: 'evt_<seq>' }),
  lastAt: z.int(),
  lastEvent: z.string(),
  lastType: z.string(),
  directory: z.string().optional().meta({ description: 'of a managed one: where it was started' }),
  model: z.string().optional(),
  permissionMode: z.string().optional(),
  budgetUsd: z.number().optional(),
  alias: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  conversation: z
    .string()
    .optional()
    .meta({ description: "Claude's own id of it now, when `/clear` began another conversation" }),
  by: z.string().optional().meta({ description: '<door>:<name> of the caller that spawned it' }),
  startedAt: z.int().optional(),
  endedAt: z.int().optional(),
  turns: z.int().optional(),
  failedTurns: z.int().optional(),
  busyMs: z.int().optional().meta({ description: 'what its turns took together' }),
  tokens: tokens.optional(),
  costUsd: z.number().optional(),
  pid: z.int().optional(),
  error: z.string().optional(),
  waitsFor: z
    .array(z.object({ request: z.string(), tool: z.string(), at: z.int() }))
    .optional()
    .meta({
      description: 'permissions that somebody is to give, and questions of MCP servers under their names',
    }),
  queued: z.int().optional().meta({ description: 'messages that wait for their turn' }),
})
export type Session = z.infer<typeof session>

const totals = z.object({
  running: z.int().meta({ description: 'that are not done with what they were told' }),
  queued: z.int().meta({ description: 'messages that wait for their turn' }),
  spawned: z.int(),
  turns: z.int(),
  failedTurns: z.int(),
  busyMs: z.int(),
  tokens,
})
export type Totals = z.infer<typeof totals>

const id = nameOf('id', limits.sessionIdBytes).meta({
  description: 'its id, its alias, or as much of its id as no other has',
})
const text = z
  .string()
  .min(1)
  .refine(
    (given) => Buffer.byteLength(given) <= limits.sessionTextBytes,
    `is longer than ${limits.sessionTextBytes} bytes`,
  )
const folder = z
  .string()
  .max(limits.pathBytes)
  .refine((path) => path.startsWith('/') && !path.includes('\0'), 'an absolute path')

export const messageWays = ['stdin', 'inbox', 'rewake', 'hook'] as const
export const urgencies = ['now', 'next-turn', 'note'] as const
export type Urgency = (typeof urgencies)[number]

export const sessions = {
  'session.list': method({
    summary: 'Sessions, managed, heard and captured, the last heard first',
    access: 'read',
    params: z.object({
      limit: z.int().min(1).max(limits.pageEvents).default(limits.pageEventsDefault),
      status: z.enum(sessionStatuses).optional(),
      kind: z.enum(sessionKinds).optional(),
    }),
    result: () => z.object({ sessions: z.array(session) }),
    example: { limit: 10 },
  }),
  'session.get': method({
    summary: 'One session, or null',
    access: 'read',
    params: z.object({ id }),
    result: () => z.object({ session: session.nullable() }),
    example: { id: '4fa77bb5' },
  }),
  'session.totals': method({
    summary: 'Managed sessions in numbers: those that run, and all there ever were',
    access: 'read',
    params: z.object({}),
    result: () => totals,
    example: {},
  }),
  'session.spawn': method({
    summary: 'Start a session of Claude Code; answered at once, while it starts',
    access: 'write',
    params: z.object({
      prompt: text.optional(),
      directory: folder.optional().meta({
        description: 'where it works; else `sessions.directory`, else a new folder under `workspaces/`',
      }),
      title: nameOf('title', limits.sessionLabelBytes).optional(),
      model: nameOf('model', limits.sessionLabelBytes).optional(),
      permissionMode: nameOf('permissionMode', 64).optional(),
      budgetUsd: z.number().positive().optional(),
      id: z
        .uuid()
        .toLowerCase()
        .optional()
        .meta({ description: "Claude's own id of it; made up when absent" }),
      alias: nameOf('alias', limits.sessionLabelBytes).optional(),
      labels: z
        .record(nameOf('label', limits.sessionLabelBytes), z.string().max(limits.sessionLabelBytes))
        .refine((labels) => Object.keys(labels).length <= limits.sessionLabels, 'too many labels')
        .optional(),
    }),
    result: () =>
      z.object({
        session,
        message: z.string().optional().meta({ description: 'msg_… of the prompt' }),
      }),
    example: { prompt: 'Fix the tests', directory: '/home/ann/project' },
  }),
  'session.send': method({
    summary: 'Say something to a session; its channel tells how far it got',
    access: 'write',
    params: z.object({
      id,
      text,
      urgency: z.enum(urgencies).default('next-turn').meta({
        description: 'now interrupts what it does; a note is read with the next turn and starts none',
      }),
    }),
    result: () =>
      z.object({
        message: z.string().meta({ description: 'msg_…' }),
        way: z.enum(messageWays).meta({
          description:
            'stdin: of a managed one; inbox: its own socket; rewake: it was idle and is woken; hook: it waits for the next hook that is told something',
        }),
        turn: z.string().optional(),
      }),
    example: { id: '4fa77bb5', text: 'Also update the README', urgency: 'next-turn' },
  }),
  'session.wait': method({
    summary: 'Wait until a message was answered, and get the answer',
    access: 'read',
    params: z.object({ id, message: z.string().max(limits.sessionLabelBytes) }),
    result: () =>
      z.object({
        turn: z.string(),
        ok: z.boolean(),
        result: z.string(),
        error: z.string().optional(),
        costUsd: z.number().optional().meta({ description: 'of a managed one' }),
      }),
    example: { id: '4fa77bb5', message: 'msg_1' },
  }),
  'session.interrupt': method({
    summary: 'Have a managed session drop what it does and wait',
    access: 'write',
    params: z.object({ id }),
    result: () => z.object({ interrupted: z.boolean().meta({ description: 'false: it did nothing' }) }),
    example: { id: '4fa77bb5' },
  }),
  'session.stop': method({
    summary: 'End a managed session; answered when nothing of it runs any more',
    access: 'write',
    params: z.object({ id, why: z.string().max(limits.sessionLabelBytes).optional() }),
    result: () => z.object({ session }),
    example: { id: '4fa77bb5' },
  }),
  'session.resume': method({
    summary: 'Go on with the conversation of a session that has ended',
    access: 'write',
    params: z.object({ id, prompt: text.optional() }),
    result: () => z.object({ session, message: z.string().optional() }),
    example: { id: '4fa77bb5', prompt: 'Go on' },
  }),
  'session.answer': method({
    summary: 'Allow or deny what a session asks for, or answer what it asks; the first answer counts',
    access: 'write',
    params: z.object({
      id,
      request: z.string().max(limits.sessionLabelBytes).optional().meta({
        description:
          'of permission.requested or elicitation.requested; without it the one that waits longest',
      }),
      allow: z.boolean(),
      always: z.boolean().default(false).meta({ description: 'also the next time, as Claude Code suggests' }),
      message: text.optional().meta({ description: 'what Claude is told when it is denied' }),
      input: z
        .record(z.string(), z.unknown())
        .optional()
        .meta({ description: "the tool's input, changed; the content of an answer to an MCP server" }),
    }),
    result: () =>
      z.object({
        answered: z.boolean(),
        by: z.string().optional().meta({ description: 'who was first, when it was answered already' }),
      }),
    example: { id: '4fa77bb5', allow: true },
  }),
}
