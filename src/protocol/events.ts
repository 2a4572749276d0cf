// The words of the events room: post, read, follow.

import { z } from 'zod'
import { channelName, channelPattern, isName, nameOf } from './channel.ts'
import { cursor, event, eventType } from './event.ts'
import { limits } from './limits.ts'
import { method } from './method.ts'

export const onceKey = nameOf('key', limits.keyBytes)

/** What a caller may say about one event; the log adds number, time and author. */
export const newEvent = z.object({
  channel: channelName.default('events'),
  type: eventType,
  data: z.unknown().optional().meta({ description: 'any JSON; {} when left out' }),
  occurredAt: z.int().optional().meta({ description: 'when it happened, epoch milliseconds' }),
  origin: z.record(z.string(), z.unknown()).optional().meta({ description: 'labels of the sender' }),
})
export type NewEvent = z.infer<typeof newEvent>

type PlainEvent = NewEvent & { transient?: boolean; echo?: boolean }

const plainKeys = new Set(['channel', 'type', 'data', 'occurredAt', 'origin', 'transient', 'echo'])

/** An event and how it is delivered, without a key, which the schema would hand on as it is. */
export const plainEvent = (params: unknown): PlainEvent | undefined => {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return undefined
  for (const key in params) if (!plainKeys.has(key)) return undefined
  const given: Partial<Record<keyof PlainEvent, unknown>> = params
  const { channel, type, data, occurredAt, origin, transient, echo } = given
  if (!isName(channel, limits.channelBytes) || !isName(type, limits.typeBytes) || data === undefined)
    return undefined
  const event: PlainEvent = { channel, type, data }
  if (occurredAt !== undefined) {
    if (typeof occurredAt !== 'number' || !Number.isSafeInteger(occurredAt)) return undefined
    event.occurredAt = occurredAt
  }
  if (origin !== undefined) {
    if (!isPlainRecord(origin)) return undefined
    event.origin = origin
  }
  if (transient !== undefined) {
    if (typeof transient !== 'boolean') return undefined
    event.transient = transient
  }
  if (echo !== undefined) {
    if (typeof echo !== 'boolean') return undefined
    event.echo = echo
  }
  return event
}

/** An object as JSON makes it, without the one key that no copy keeps. */
const isPlainRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' &&
  value !== null &&
  Object.getPrototypeOf(value) === Object.prototype &&
  !Object.hasOwn(value, '__proto__')

/** What is read: by channel or prefix*, by type, from where. Filters AND together. */
export const eventFilter = z.object({
  channel: z
    .union([channelPattern, z.array(channelPattern).min(1).max(limits.patternsPerSubscription)])
    .optional()
    .meta({ description: 'exact name or prefix*, or several' }),
  type: eventType.optional(),
  session: nameOf('session', limits.sessionIdBytes)
    .optional()
    .meta({ description: 'short for channel session:<id>' }),
  all: z.boolean().optional().meta({
    description: "with the daemon's own affairs (system: lock: job: webhook: action: rule: machine: key:)",
  }),
})
export type EventFilter = z.infer<typeof eventFilter>

export const events = {
  'event.publish': method({
    summary: 'Post one event, or a batch of up to 1,000 that is stored all or not at all',
    access: 'write',
    params: z.union([
      newEvent.extend({
        key: onceKey
          .optional()
          .meta({ description: 'posted again with this key, the first event is returned' }),
        transient: z.boolean().optional().meta({
          description:
            'deliver only: not stored, no number; a channel of config channels.stored is stored anyway',
        }),
        echo: z
          .boolean()
          .optional()
          .meta({ description: 'false: subscriptions of this connection do not get it' }),
      }),
      z.object({ events: z.array(newEvent).min(1).max(limits.batchEvents), key: onceKey.optional() }),
    ]),
    plain: plainEvent,
    result: () =>
      z.object({
        ids: z
          .array(z.string())
          .meta({ description: 'evt_<seq> of each event, in order; empty when transient' }),
        duplicate: z
          .boolean()
          .optional()
          .meta({ description: 'the key was known: these are the first ones' }),
      }),
    example: { channel: 'events', type: 'build.finished', data: { ok: true } },
  }),
  'event.list': method({
    summary: 'Read stored events, oldest first',
    access: 'read',
    params: eventFilter.extend({
      since: cursor.optional().meta({ description: 'exclusive; without it the newest are read' }),
      limit: z.int().min(1).max(limits.pageEvents).default(limits.pageEventsDefault),
    }),
    result: () =>
      z.object({
        events: z.array(event),
        next: z
          .string()
          .optional()
          .meta({ description: 'give it as since to read on; absent while nothing was stored' }),
      }),
    example: { type: 'build.finished', limit: 10 },
  }),
  'event.subscribe': method({
    summary: 'Follow events on this connection, from now or from a cursor without gap or double',
    access: 'read',
    params: eventFilter.extend({
      since: cursor.optional().meta({ description: 'replay what came after it first' }),
      replay: z
        .int()
        .min(0)
        .max(limits.replayEvents)
        .optional()
        .meta({ description: 'replay the newest n first' }),
      transient: z.boolean().default(true).meta({ description: 'also events that are not stored' }),
    }),
    result: () =>
      z.object({
        subscription: z.string(),
        head: z.int().nonnegative().meta({ description: 'number of the last stored event when it began' }),
      }),
    example: { channel: 'session:*' },
  }),
  'event.unsubscribe': method({
    summary: 'End a subscription of this connection',
    access: 'read',
    params: z.object({ subscription: z.string() }),
    result: () => z.object({ ended: z.boolean() }),
    example: { subscription: 'sub_1' },
  }),
}
