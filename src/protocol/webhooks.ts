// The words of the webhooks room: who may send what to `/webhook/NAME`, and what became of it. A secret goes in and
// never comes out again. A parameter that nobody knows is refused, because a misspelled one would open a door wider
// than was meant.

import { z } from 'zod'
import { channelName, isName, isReserved, nameOf } from './channel.ts'
import { limits } from './limits.ts'
import { method } from './method.ts'

export const webhookPrefix = 'webhook:'

export const webhookSchemes = ['github', 'stripe', 'standard', 'slack', 'header', 'none'] as const
export type WebhookScheme = (typeof webhookSchemes)[number]

const name = nameOf('name', limits.webhookNameBytes)
const delivery = nameOf('delivery', limits.deliveryIdBytes).meta({
  description: "the sender's own id of what it sent, or dlv_<id>",
})
const secret = z.string().meta({ description: 'what only its sender knows; it is never shown again' })

const target = {
  do: nameOf('do', limits.actionNameBytes)
    .optional()
    .meta({ description: 'the action that is run with what was sent' }),
  publish: channelName
    .refine((channel) => !isReserved(channel), 'is written by the daemon alone')
    .optional()
    .meta({ description: 'the channel that gets what was sent, as an event' }),
}

const settings = {
  tolerance: z
    .int()
    .min(1000)
    .max(limits.webhookToleranceMs)
    .default(300_000)
    .meta({ description: 'how old a signed timestamp may be, milliseconds' }),
  async: z.boolean().default(false).meta({ description: 'answer 202 at once and go on' }),
  allow: z
    .array(z.string().min(1).max(64))
    .max(limits.webhookNetworks)
    .default([])
    .meta({ description: 'addresses and networks it may come from; all when empty' }),
}

const webhook = z.object({
  name: z.string(),
  path: z.string().meta({ description: 'where it is sent to' }),
  scheme: z.enum(webhookSchemes),
  do: z.string().optional(),
  publish: z.string().optional(),
  tolerance: z.int(),
  async: z.boolean(),
  allow: z.array(z.string()),
  by: z.string().meta({ description: '<door>:<name> of the caller that added it' }),
  addedAt: z.int().meta({ description: 'epoch milliseconds' }),
  previousUntil: z
    .int()
    .optional()
    .meta({ description: 'until then the secret before this one is valid too' }),
})
export type Webhook = z.infer<typeof webhook>

const state = z.enum(['running', 'done', 'failed', 'refused', 'lost']).meta({
  description: 'refused: nothing was begun; lost: the daemon ended while it ran',
})

const deliveryRun = z.object({
  at: z.int(),
  by: z.string().meta({ description: 'the sender as webhook:<name>, or who delivered it again' }),
  state,
  durationMs: z.int().optional(),
  run: z.string().optional().meta({ description: 'run_<id> of the action' }),
  event: z.string().optional().meta({ description: 'evt_<seq> that was published' }),
  error: z.string().optional(),
})
export type DeliveryRun = z.infer<typeof deliveryRun>

const deliveryRow = z.object({
  delivery: z.string(),
  event: z.string().meta({ description: 'evt_<seq> of its webhook.received' }),
  at: z.int(),
  state,
  status: z.int().optional().meta({ description: 'what a sender is answered' }),
  runs: z.array(deliveryRun).meta({ description: `oldest first, the last ${limits.deliveryRuns}` }),
})
export type DeliveryRow = z.infer<typeof deliveryRow>

const receiveParams = z.strictObject({
  name,
  headers: z
    .union([z.record(z.string(), z.string()), z.instanceof(Headers)])
    .default({})
    .meta({ description: 'of the request that brought it' }),
  query: z.string().default('').meta({ description: "the request's, undecoded" }),
  body: z
    .union([z.string(), z.custom<Uint8Array>((value) => value instanceof Uint8Array)])
    .meta({ description: 'exactly as it came' }),
  address: z
    .string()
    .optional()
    .meta({ description: 'where it came from; without one, from this machine by its owner' }),
})

const answer = {
  status: z.int().meta({ description: 'an HTTP status' }),
  answer: z.unknown().meta({ description: 'what its sender is told' }),
}

export const webhooks = {
  'webhook.add': method({
    summary: 'Let a sender in at /webhook/NAME, and say what its deliveries do',
    access: 'admin',
    params: z
      .strictObject({
        name,
        scheme: z.enum(webhookSchemes),
        secret: secret.optional(),
        ...target,
        ...settings,
      })
      .refine((given) => (given.do === undefined) !== (given.publish === undefined), {
        error: 'give one of do and publish',
      })
      .meta({ type: 'object' }),
    result: () => webhook,
    example: { name: 'github', scheme: 'github', secret: 'only GitHub knows', publish: 'ci' },
  }),
  'webhook.list': method({
    summary: 'Webhooks by name, without their secrets',
    access: 'read',
    params: z.strictObject({
      after: name.optional().meta({ description: 'reads on after this name, as `next` said' }),
      limit: z.int().min(1).max(limits.pageWebhooks).default(limits.pageWebhooks),
    }),
    result: () =>
      z.object({
        webhooks: z.array(webhook),
        next: z.string().optional().meta({ description: 'there are more: give it as after' }),
      }),
    example: {},
  }),
  'webhook.get': method({
    summary: 'One webhook, or null',
    access: 'read',
    params: z.strictObject({ name }),
    result: () => z.object({ webhook: webhook.nullable() }),
    example: { name: 'github' },
  }),
  'webhook.remove': method({
    summary: 'Let nobody in at /webhook/NAME any longer; what runs goes on',
    access: 'admin',
    params: z.strictObject({ name }),
    result: () => z.object({ removed: z.boolean() }),
    example: { name: 'github' },
  }),
  'webhook.rotate': method({
    summary: 'Give a webhook a new secret; the one before stays valid for a while',
    access: 'admin',
    params: z.strictObject({
      name,
      secret,
      keep: z
        .int()
        .min(0)
        .max(limits.webhookKeepMs)
        .default(24 * 3600_000)
        .meta({ description: 'how long the one before stays valid, milliseconds' }),
    }),
    result: () => webhook,
    example: { name: 'github', secret: 'only GitHub knows', keep: 3600_000 },
  }),
  'webhook.deliveries': method({
    summary: 'What was sent to a webhook and what became of it, the newest first',
    access: 'read',
    params: z.strictObject({
      name,
      before: z.int().positive().optional().meta({ description: 'reads on before this, as `next` said' }),
      limit: z.int().min(1).max(limits.pageEvents).default(limits.pageEventsDefault),
    }),
    result: () =>
      z.object({
        deliveries: z.array(deliveryRow),
        next: z.int().optional().meta({ description: 'there are more: give it as before' }),
      }),
    example: { name: 'github', limit: 10 },
  }),
  'webhook.redeliver': method({
    summary: 'Do once more what a delivery that is kept asked for',
    access: 'write',
    params: z.strictObject({ name, delivery }),
    result: () => z.object({ delivery: z.string(), ...answer }),
    example: { name: 'github', delivery: '72d3162e-cc78-11e3-81ab-4c9367dc0958' },
  }),
  'webhook.test': method({
    summary: 'Sign a delivery and send it to the daemon itself, over its own socket',
    access: 'write',
    params: z.strictObject({
      name,
      body: z.unknown().optional().meta({ description: 'any JSON object or array; {} when left out' }),
    }),
    result: () => z.object({ delivery: z.string(), ...answer, durationMs: z.int() }),
    example: { name: 'github', body: { ref: 'refs/heads/main' } },
  }),
  'webhook.receive': method({
    summary: 'What the HTTP door hands in: a delivery as it came, to be judged, kept and done once',
    access: 'write',
    params: receiveParams,
    plain: (params) => plainReceive(params),
    result: () =>
      z.object({
        status: answer.status,
        text: z.string().meta({ description: 'the JSON that its sender is answered' }),
      }),
    example: { name: 'github', headers: { 'x-webhook-secret': 'only we know' }, body: '{"ref":"x"}' },
  }),
}

type Received = z.output<typeof receiveParams>

/** A delivery as only the HTTP door can hand it in: bytes and headers that no JSON holds. */
const plainReceive = (params: unknown): Received | undefined => {
  if (typeof params !== 'object' || params === null) return undefined
  const given: Partial<Record<keyof Received, unknown>> = params
  const { name: to, headers, query, body, address } = given
  if (!isName(to, limits.webhookNameBytes)) return undefined
  if (!(headers instanceof Headers) || !(body instanceof Uint8Array) || typeof query !== 'string')
    return undefined
  if (address === undefined) return { name: to, headers, query, body }
  return typeof address === 'string' ? { name: to, headers, query, body, address } : undefined
}
