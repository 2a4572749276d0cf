// The words of the rules room: what happens whenever an event of a kind is stored. A parameter that nobody knows is
// refused here, because a misspelled one would quietly make another rule than was meant.

import { z } from 'zod'
import { nameOf } from './channel.ts'
import { cursor } from './event.ts'
import { eventFilter } from './events.ts'
import { limits } from './limits.ts'
import { method } from './method.ts'

export const rulePrefix = 'rule:'

export const ruleName = nameOf('name', limits.ruleNameBytes)

const on = z.strictObject(eventFilter.shape)

const definition = z.strictObject({
  name: ruleName,
  on: z.array(on).min(1).max(limits.ruleFilters).meta({
    description:
      'which events: any of these. A type or a channel that is named is heard also where the daemon itself writes',
  }),
  filter: z.string().min(1).max(limits.ruleFilterCharacters).optional().meta({
    description: 'an expression over the event: data.tool_name == "Bash" && data.duration_ms > 1000',
  }),
  do: nameOf('do', limits.actionNameBytes).meta({ description: 'the action that is run with the event' }),
  retries: z
    .int()
    .min(0)
    .max(limits.ruleRetries)
    .default(10)
    .meta({ description: 'how often an event is tried again, later and later, before it is set aside' }),
  timeout: z
    .int()
    .min(1)
    .max(limits.actionTimeoutMs)
    .optional()
    .meta({ description: 'for one run, milliseconds; as the action says when left out' }),
})
/** What a rule is, with its defaults filled in. */
export type RuleDefinition = z.output<typeof definition>

const occasion = z.object({ event: z.string(), at: z.int() })

export const rule = definition.extend({
  state: z.enum(['idle', 'running', 'waiting', 'paused']).meta({
    description: 'nothing to do; its action runs; it waits to try an event again; it was told to rest',
  }),
  backlog: z.int().meta({
    description: `events of its kind that it has not dealt with, counted up to ${limits.ruleBacklog}`,
  }),
  cursor: z.string().meta({ description: 'the last event it is done with' }),
  handled: z.int().meta({ description: 'runs that went well, ever' }),
  setAside: z.int().meta({ description: 'events it gave up' }),
  lastSuccess: occasion.optional(),
  lastFailure: occasion.extend({ error: z.string() }).optional(),
  attempts: z.int().optional().meta({ description: 'tries in vain of the event that is next' }),
  triesAt: z.int().optional().meta({ description: 'when it tries again, epoch milliseconds' }),
  by: z.string().meta({ description: '<door>:<name> of the caller that added it' }),
  addedAt: z.int().meta({ description: 'epoch milliseconds' }),
})
export type Rule = z.infer<typeof rule>

const aside = z.object({ event: z.string(), at: z.int(), attempts: z.int(), error: z.string() })
const named = z.strictObject({ name: ruleName })

export const rules = {
  'rule.add': method({
    summary: 'Run an action with each stored event of a kind, in order and at least once',
    access: 'admin',
    params: definition.extend({
      since: cursor.optional().meta({
        description: 'begins behind this event or time, not with what comes from now on',
      }),
      replace: z.boolean().default(false).meta({
        description: 'in place of the one of this name, which goes on where that one was unless `since` says',
      }),
    }),
    result: () =>
      z.object({
        added: z.boolean().meta({ description: 'false: it was there, the very same' }),
        replaced: z.boolean(),
        action: z.boolean().meta({ description: 'whether its action is there now' }),
        rule,
      }),
    example: { name: 'tell', on: [{ type: 'Stop' }], do: 'tell-n8n' },
  }),
  'rule.list': method({
    summary: 'Rules, by name, with what waits for them',
    access: 'read',
    params: z.strictObject({}),
    result: () => z.object({ rules: z.array(rule) }),
    example: {},
  }),
  'rule.get': method({
    summary: 'One rule, and the events it set aside; or null',
    access: 'read',
    params: named,
    result: () =>
      z.object({
        rule: rule.nullable(),
        aside: z.array(aside).meta({ description: 'oldest first, 100 at most' }),
      }),
    example: { name: 'tell' },
  }),
  'rule.pause': method({
    summary: 'Let a rule rest: events wait for it',
    access: 'write',
    params: named,
    result: () => z.object({ paused: z.boolean() }),
    example: { name: 'tell' },
  }),
  'rule.resume': method({
    summary: 'Let a rule go on; what waits to be tried again is tried at once',
    access: 'write',
    params: named,
    result: () => z.object({ resumed: z.boolean() }),
    example: { name: 'tell' },
  }),
  'rule.retry': method({
    summary: 'Try events that were set aside once more, in order, or drop them',
    access: 'write',
    params: named.extend({
      event: z.string().optional().meta({ description: 'this one (evt_12); all when left out' }),
      drop: z.boolean().default(false).meta({ description: 'forget them instead' }),
    }),
    result: () =>
      z.object({
        done: z.array(z.string()),
        failed: z.array(z.object({ event: z.string(), error: z.string() })),
        left: z.int().meta({ description: 'still set aside' }),
      }),
    example: { name: 'tell', event: 'evt_12' },
  }),
  'rule.remove': method({
    summary: 'Forget a rule, its place in the log and what it set aside',
    access: 'admin',
    params: named,
    result: () => z.object({ removed: z.boolean() }),
    example: { name: 'tell' },
  }),
}
