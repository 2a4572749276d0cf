// The words of agents: programs elsewhere that run sessions for somebody, and come in with a key of their own. Each call
// carries the caller's proof, a key or a token that a login gave; who calls, and from which door, counts for nothing.
// What others have for an agent they post to the channel `agent:NAME`; it reads that, and says what it has dealt with.

import { z } from 'zod'
import { isDeeper } from '../lib/json-depth.ts'
import { cursor, event } from './event.ts'
import { organization } from './keys.ts'
import { limits } from './limits.ts'
import { method } from './method.ts'

/** Anyone may post there; `key:NAME`, where the daemon tells of the agent, is its own. */
export const agentPrefix = 'agent:'

/** the last instant that ISO 8601 writes with four digits of a year */
const lastYear = 253_402_300_799_999

const text = z.string().min(1).max(limits.agentTextCharacters)
const token = z.string().max(limits.tokenCharacters).meta({ description: 'access token of a login' })

const isShort = (value: unknown): boolean =>
  !isDeeper(value, limits.jsonDepth) &&
  Buffer.byteLength(JSON.stringify(value) ?? '') <= limits.agentDataBytes
const fields = z
  .record(z.string(), z.unknown())
  .refine(isShort, `is more than ${limits.agentDataBytes} bytes as JSON`)

export const instance = z.object({
  instanceId: text,
  version: text,
  host: text,
  port: z.int().min(1).max(65535),
  protocol: z.enum(['http', 'https', 'ws', 'wss']),
  startedAt: z.iso.datetime(),
  capabilities: z.array(text).max(limits.agentCapabilities).optional(),
  metadata: fields.optional(),
})
export type Instance = z.infer<typeof instance>

const metrics = z.record(z.string().max(64), z.union([z.number(), z.string().max(256)])).refine(isShort)
const activity = z.enum(['active', 'idle', 'busy'])

const session = z.object({
  id: z.string(),
  agent: z.string(),
  type: z.enum(['daemon', 'user', 'system']),
  status: z.enum(['active', 'idle', 'expired', 'terminated']),
  createdAt: z.int(),
  activeAt: z.int(),
  expiresAt: z.int(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  heardAt: z.int().optional().meta({ description: 'its last heartbeat' }),
  activity: activity.optional().meta({ description: 'what that said' }),
})
export type AgentSession = z.infer<typeof session>

const agent = z.object({
  name: z.string(),
  organization: z.string().optional(),
  presence: z.enum(['online', 'away', 'busy', 'offline']),
  online: z.boolean().meta({ description: 'heard in the last 90 s' }),
  heardAt: z.int().optional(),
  metrics: metrics.optional(),
  state: z.enum(['active', 'paused', 'error']).optional().meta({ description: 'as it reported itself' }),
  message: z.string().optional(),
  reportedAt: z.int().optional(),
  instance: instance.optional(),
  registeredAt: z.int().optional(),
  addedAt: z.int(),
  changedAt: z.int(),
})
export type Agent = z.infer<typeof agent>

const access = { access: z.string(), accessExpiresAt: z.int() }

export const agents = {
  'agent.register': method({
    summary: 'Say with a key which instance of an agent runs where; another one that is alive is in the way',
    access: 'write',
    params: z.strictObject({ name: z.string(), organization, key: z.string(), instance }),
    result: () =>
      z.object({
        registered: z.boolean(),
        at: z.int().optional(),
        other: z.string().optional().meta({ description: 'the instance that is in the way' }),
      }),
    example: {
      name: 'laptop',
      organization: 'home',
      key: 'vp_laptop_…',
      instance: {
        instanceId: 'daemon_1',
        version: '1.0.0',
        host: 'localhost',
        port: 8787,
        protocol: 'ws',
        startedAt: '2026-11-21T08:00:00Z',
      },
    },
  }),
  'agent.login': method({
    summary:
      'Get tokens for a key and its secret: one to come in with, for 1 h, one to renew that, for 7 days',
    access: 'write',
    params: z.strictObject({
      key: z.string(),
      secret: z.string(),
      scopes: z.array(z.string().max(64)).max(limits.agentCapabilities).default([]),
    }),
    result: () => z.object({ ...access, refresh: z.string(), session: z.string(), agent }),
    example: { key: 'vp_laptop_…', secret: '…' },
  }),
  'agent.refresh': method({
    summary: 'Get a new access token for the token that renews it',
    access: 'write',
    params: z.strictObject({ token: z.string().max(limits.tokenCharacters) }),
    result: () => z.object(access),
    example: { token: '…' },
  }),
  'agent.get': method({
    summary: 'What is known of the agent that asks, and of its login',
    access: 'write',
    params: z.strictObject({ token }),
    result: () => z.object({ agent, login: session, scopes: z.array(z.string()) }),
    example: { token: '…' },
  }),
  'agent.leave': method({
    summary: 'The agent ends: nothing of it is registered, its sessions end, its tokens are refused',
    access: 'write',
    params: z.strictObject({ token }),
    result: () => z.object({ left: z.boolean() }),
    example: { token: '…' },
  }),
  'agent.beat': method({
    summary: 'The agent is alive, and how it does',
    access: 'write',
    params: z.strictObject({
      token,
      session: z.string().optional(),
      status: activity.default('active'),
      metrics: metrics.optional(),
    }),
    result: () => z.object({ at: z.int() }),
    example: { token: '…', status: 'idle' },
  }),
  'agent.report': method({
    summary: 'What the agent says of itself: active, paused, error',
    access: 'write',
    params: z.strictObject({
      token,
      status: z.enum(['active', 'paused', 'error']),
      message: z.string().max(limits.agentTextCharacters).optional(),
    }),
    result: () => z.object({ at: z.int() }),
    example: { token: '…', status: 'active' },
  }),
  'agent.sessions': method({
    summary: "The agent's sessions, the newest first",
    access: 'write',
    params: z.strictObject({ token }),
    result: () => z.object({ sessions: z.array(session) }),
    example: { token: '…' },
  }),
  'agent.open': method({
    summary: 'Begin a session of the agent',
    access: 'write',
    params: z.strictObject({
      token,
      agent: z.string(),
      type: session.shape.type,
      metadata: fields.optional(),
      lasts: z
        .int()
        .positive()
        .max(limits.agentSessionMs)
        .optional()
        .meta({ description: 'milliseconds; 7 days' }),
    }),
    result: () => z.object({ session }),
    example: { token: '…', agent: 'laptop', type: 'daemon' },
  }),
  'agent.change': method({
    summary: 'Change a session of the agent; metadata is added to what it has',
    access: 'write',
    params: z.strictObject({
      token,
      session: z.string(),
      status: session.shape.status.optional(),
      metadata: fields.optional(),
      extend: z.boolean().default(false).meta({ description: 'it lasts another 7 days from now' }),
      activeAt: z.int().min(0).max(lastYear).optional(),
    }),
    result: () => z.object({ session }),
    example: { token: '…', session: 'session_daemon_laptop_1763720000000_k3j9x2a', status: 'idle' },
  }),
  'agent.close': method({
    summary: 'End a session of the agent; of a login: its tokens are refused',
    access: 'write',
    params: z.strictObject({ token, session: z.string() }),
    result: () => z.object({ closed: z.boolean() }),
    example: { token: '…', session: 'session_daemon_laptop_1763720000000_k3j9x2a' },
  }),
  'agent.events': method({
    summary: 'What was posted for the agent and it has not acknowledged, oldest first',
    access: 'write',
    params: z.strictObject({
      token,
      since: cursor.default(0),
      limit: z.int().min(1).max(limits.pageEvents).default(limits.pageEventsDefault),
    }),
    result: () => z.object({ events: z.array(event) }),
    example: { token: '…', since: 'evt_12' },
  }),
  'agent.follow': method({
    summary: 'The same on this connection, as it comes, until the token expires or is refused',
    access: 'write',
    params: z.strictObject({ token, since: cursor.optional() }),
    result: () => z.object({ subscription: z.string() }),
    example: { token: '…' },
  }),
  'agent.enter': method({
    summary: 'Be that agent on this connection, which is told when the token expires or is refused',
    access: 'write',
    params: z.strictObject({ token }),
    result: () => z.object({ name: z.string(), expiresAt: z.int() }),
    example: { token: '…' },
  }),
  'agent.acknowledge': method({
    summary: 'The agent has dealt with these events: they are not given to it again',
    access: 'write',
    params: z.strictObject({ token, events: z.array(z.string()).min(1).max(limits.pageEvents) }),
    result: () => z.object({ acknowledged: z.int().meta({ description: 'how many of them are its own' }) }),
    example: { token: '…', events: ['evt_12'] },
  }),
}
