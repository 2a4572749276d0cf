// The words of the system room: what the daemon says of itself.

import { z } from 'zod'
import { method } from './method.ts'
import { session } from './sessions.ts'

export const status = z.object({
  version: z.string(),
  pid: z.int(),
  startedAt: z.int(),
  uptimeMs: z.int(),
  home: z.string(),
  urls: z.array(z.string()),
  webhookUrls: z.array(z.string()).meta({ description: 'addresses that serve webhooks alone' }),
  sockets: z.array(z.string()),
  ready: z.boolean(),
  log: z.object({
    id: z.string(),
    epoch: z.int(),
    head: z.int(),
    events: z.int().meta({ description: 'posted and session events kept' }),
    types: z.record(z.string(), z.int()),
    sessions: z.int(),
    bytes: z.int(),
    writable: z.boolean(),
    lostGroups: z.int().meta({ description: 'groups refused with storage_full since start' }),
    check: z
      .enum(['none', 'running', 'ok', 'damaged'])
      .meta({ description: 'integrity check after an unclean stop' }),
  }),
  peers: z.object({
    sockets: z.int(),
    webSockets: z.int(),
    streams: z.int(),
    subscriptions: z.int(),
    lagged: z.int(),
  }),
  spool: z.object({ waiting: z.int(), taken: z.int(), dropped: z.int(), refused: z.int() }),
  refused: z.record(z.string(), z.int()).meta({ description: 'refused requests since start, by reason' }),
  memoryBytes: z.int(),
  recentSessions: z.array(session).meta({ description: 'the 20 last heard' }),
})
export type Status = z.infer<typeof status>

export const system = {
  'system.status': method({
    summary: 'What runs, since when, where, and how much it keeps',
    access: 'read',
    params: z.object({}),
    result: () => status,
    example: {},
  }),
  'system.stop': method({
    summary: 'Stop the daemon',
    access: 'admin',
    params: z.object({ reason: z.string().max(500).optional() }),
    result: () => z.object({ stopping: z.literal(true), pid: z.int() }),
    example: {},
  }),
  'system.methods': method({
    summary: 'The methods there are, with their parameters as JSON Schema',
    access: 'read',
    params: z.object({}),
    result: () =>
      z.object({
        methods: z.array(
          z.object({
            name: z.string(),
            summary: z.string(),
            access: z.enum(['read', 'write', 'admin']),
            params: z.record(z.string(), z.unknown()),
            result: z.record(z.string(), z.unknown()),
            example: z.unknown(),
          }),
        ),
      }),
    example: {},
  }),
}
