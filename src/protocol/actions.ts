// The words of the actions room: calls that a user stored by name, or that a connected peer offers. A parameter that
// nobody knows is refused here, because a misspelled one would quietly do another thing than was meant.

import { z } from 'zod'
import { channelName, isReserved, nameOf } from './channel.ts'
import { limits } from './limits.ts'
import { method } from './method.ts'

export const actionPrefix = 'action:'

export const actionName = nameOf('name', limits.actionNameBytes)

const text = (what: string, bytes: number) =>
  z.string().refine((value) => !value.includes('\0') && Buffer.byteLength(value) <= bytes, {
    error: `${what} has at most ${bytes} bytes, none of them zero`,
  })

const word = text('a word of a command', limits.actionTextBytes)

const headerName = z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,256}$/, 'is no name of a header')
// oxlint-disable-next-line no-control-regex -- control characters are exactly what it refuses
const headerValue = z.string().regex(/^[^\u0000-\u001f\u007f]*$/, 'a header is one line of text')

const isWebAddress = (given: string): boolean => {
  const url = URL.parse(given)
  return (
    url !== null &&
    (url.protocol === 'http:' || url.protocol === 'https:') &&
    url.username === '' &&
    url.password === ''
  )
}

const timeout = z
  .int()
  .min(1)
  .max(limits.actionTimeoutMs)
  .meta({ description: 'a run that takes longer is ended, milliseconds' })

/** for a run, when nobody says otherwise */
export const standardTimeoutMs = 600_000

const concurrency = z
  .int()
  .min(1)
  .max(limits.actionConcurrency)
  .meta({ description: 'runs at one time; more wait in line' })

const common = {
  name: actionName,
  concurrency: concurrency.default(4),
  timeout: timeout.default(standardTimeoutMs),
  secret: z
    .array(z.string())
    .max(limits.actionWords)
    .optional()
    .meta({ description: 'variables or headers whose values are shown to nobody, whatever they are called' }),
}

const command = z.strictObject({
  ...common,
  kind: z.literal('command'),
  command: z
    .array(word)
    .min(1)
    .max(limits.actionWords)
    .refine(([program]) => program !== '', 'a command begins with a program')
    .meta({ description: 'program and arguments, run without a shell' }),
  cwd: text('cwd', limits.actionTextBytes)
    .startsWith('/', 'cwd must be an absolute path')
    .optional()
    .meta({ description: 'where it runs; HOME when not said' }),
  env: z
    .record(z.string().regex(/^[^=\0]+$/, 'is no name of a variable'), word)
    .optional()
    .meta({ description: 'added to its environment' }),
})

export const httpMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

const http = z.strictObject({
  ...common,
  kind: z.literal('http'),
  method: z.enum(httpMethods).default('POST'),
  url: text('url', limits.urlBytes).refine(
    isWebAddress,
    'url must be http:// or https://, without a name or a password in it',
  ),
  headers: z.record(headerName, headerValue).optional(),
})

const publish = z.strictObject({
  ...common,
  kind: z.literal('publish'),
  channel: channelName.refine(
    (channel) => !isReserved(channel),
    'this channel is written by the daemon alone',
  ),
})

const prompt = z.strictObject({
  ...common,
  kind: z.literal('prompt'),
  prompt: z.string().min(1).max(limits.actionTextBytes),
})

export const actionDefinition = z.discriminatedUnion('kind', [command, http, publish, prompt])
/** What a stored action is, with its defaults filled in. */
export type ActionDefinition = z.output<typeof actionDefinition>

/** What is shown of one: values that look like secrets are not in it. */
const shown = z.object({
  name: z.string(),
  kind: z.enum(['command', 'http', 'publish', 'prompt', 'offered']),
  concurrency: z.int(),
  timeout: z.int(),
  command: z.array(z.string()).optional(),
  cwd: z.string().optional(),
  env: z.record(z.string(), z.string()).optional(),
  method: z.string().optional(),
  url: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  channel: z.string().optional(),
  prompt: z.string().optional(),
  by: z.string().meta({ description: '<door>:<name> of the caller that added or offers it' }),
  addedAt: z.int().meta({ description: 'epoch milliseconds' }),
  running: z.int(),
  waiting: z.int().meta({ description: 'runs that wait in line' }),
})
export type ShownAction = z.infer<typeof shown>

const call = z.string().meta({ description: 'as the frame {"call": …} says' })

const thrown = z.union([
  z.string().max(limits.actionTextBytes),
  z.looseObject({ message: z.string().max(limits.actionTextBytes) }),
])

/** What is asked of whoever runs an action. */
const asked = z.looseObject({
  type: z.enum(['text', 'password', 'confirm', 'select']).default('text'),
  message: z.string(),
})

const run = z.string().meta({ description: 'run_<id>' })

export const actions = {
  'action.add': method({
    summary: 'Store a call under a name: a command, an HTTP request, a message to a channel, a prompt',
    access: 'admin',
    params: z
      .discriminatedUnion('kind', [
        command.extend({ replace: z.boolean().default(false) }),
        http.extend({ replace: z.boolean().default(false) }),
        publish.extend({ replace: z.boolean().default(false) }),
        prompt.extend({ replace: z.boolean().default(false) }),
      ])
      .meta({ type: 'object' }),
    result: () =>
      z.object({
        added: z.boolean().meta({ description: 'false: it was there, the very same' }),
        replaced: z.boolean(),
      }),
    example: { name: 'backup', kind: 'command', command: ['/usr/bin/env', 'true'] },
  }),
  'action.remove': method({
    summary: 'Forget a stored action; runs that have begun go on',
    access: 'admin',
    params: z.strictObject({ name: actionName }),
    result: () => z.object({ removed: z.boolean() }),
    example: { name: 'backup' },
  }),
  'action.list': method({
    summary: 'Stored and offered actions, by name',
    access: 'read',
    params: z.strictObject({
      after: actionName.optional().meta({ description: 'reads on after this name, as `next` said' }),
      limit: z.int().min(1).max(limits.pageActions).default(limits.pageActions),
    }),
    result: () =>
      z.object({
        actions: z.array(shown),
        next: z.string().optional().meta({ description: 'there are more: give it as after' }),
      }),
    example: {},
  }),
  'action.get': method({
    summary: 'One action, or null',
    access: 'read',
    params: z.strictObject({ name: actionName }),
    result: () => z.object({ action: shown.nullable() }),
    example: { name: 'backup' },
  }),
  'action.run': method({
    summary: 'Run an action and wait for its result',
    access: 'write',
    params: z.strictObject({
      name: actionName,
      args: z.unknown().optional().meta({ description: 'any JSON; {} when left out' }),
      timeout: timeout.optional(),
      prompts: z.boolean().default(false).meta({
        description:
          'what it asks and tells on its way comes to this connection as frames; else nobody answers',
      }),
      cause: nameOf('cause', limits.causeBytes)
        .optional()
        .meta({ description: 'for jobs, webhooks and rules: what made them call' }),
    }),
    result: () =>
      z.object({
        run,
        result: z.unknown().meta({ description: 'JSON, or text where what came is none' }),
        durationMs: z.int(),
        exitCode: z.int().optional().meta({ description: 'of a command' }),
        status: z.int().optional().meta({ description: 'of an HTTP request' }),
        truncated: z.boolean().optional().meta({ description: 'there was more than is kept of a result' }),
      }),
    example: { name: 'backup', args: { full: true } },
  }),
  'action.offer': method({
    summary: 'Have calls of these names come to this connection, as long as it lasts',
    access: 'write',
    params: z.strictObject({
      names: z.array(actionName).min(1).max(limits.offersPerPeer),
      // what waits for a person to answer holds up nobody else
      concurrency: concurrency.default(limits.actionConcurrency),
    }),
    result: () =>
      z.object({ offered: z.int().meta({ description: 'names that this connection offers now' }) }),
    example: { names: ['greet'] },
  }),
  'action.withdraw': method({
    summary: 'Offer these names no longer; calls that have come may still be answered',
    access: 'write',
    params: z.strictObject({ names: z.array(actionName).min(1).max(limits.offersPerPeer) }),
    result: () => z.object({ offered: z.int() }),
    example: { names: ['greet'] },
  }),
  'action.answer': method({
    summary: 'Answer a call that came to this connection, with a result or with what went wrong',
    access: 'write',
    params: z.strictObject({ call, result: z.unknown().optional(), error: thrown.optional() }),
    result: () => z.object({ answered: z.literal(true) }),
    example: { call: 'run_1', result: 'Hello' },
  }),
  'action.emit': method({
    summary: 'Tell who made a call how it goes',
    access: 'write',
    params: z.strictObject({ call, data: z.unknown() }),
    result: () =>
      z.object({
        heard: z
          .boolean()
          .meta({ description: 'false: its caller does not listen, or is behind with reading' }),
      }),
    example: { call: 'run_1', data: { emit: 'progress', value: 0.5 } },
  }),
  'action.prompt': method({
    summary: 'Ask who made a call, and wait for the answer; null when nobody is there to give one',
    access: 'write',
    params: z.strictObject({ call, prompt: asked }),
    result: () => z.object({ value: z.unknown() }),
    example: { call: 'run_1', prompt: { type: 'text', message: 'Your name?' } },
  }),
  'action.reply': method({
    summary: 'Answer what a run of this connection asked',
    access: 'write',
    params: z.strictObject({ prompt: z.string(), value: z.unknown() }),
    result: () => z.object({ replied: z.literal(true) }),
    example: { prompt: 'prm_1', value: 'Ann' },
  }),
}
