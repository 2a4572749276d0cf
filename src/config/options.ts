// Every option of the daemon, declared once: what it takes, its default, and what the README says of it.

import { z } from 'zod'
import { auths } from '../listener.ts'
import { channelPattern, nameOf } from '../protocol/channel.ts'
import { limits } from '../protocol/limits.ts'

const wholeNumber = (least: number, most: number, standard: number) =>
  z
    .int(`a whole number from ${least} to ${most}`)
    .min(least, `a whole number from ${least} to ${most}`)
    .max(most, `a whole number from ${least} to ${most}`)
    .default(standard)

const socketForm = 'a list of paths, or of {"path": …, "namespace": …}'

export const options = z.strictObject({
  listen: z
    .array(z.string('a list of texts "host:port"'), 'a list of texts "host:port"')
    .min(1, 'at least one "host:port"')
    .default(['127.0.0.1:8787'])
    .describe(
      'addresses, `host:port[,auth=token|none|frame][,dialect=pai|orchestrator|photon|happy]`; port 0 picks a free one',
    ),
  auth: z
    .enum(auths, `one of ${auths.join(', ')}`)
    .default('token')
    .describe(
      'for listeners that do not say: `token`; `none` on loopback only; `frame`: a WebSocket may show it in its first frame',
    ),
  hosts: z
    .array(z.string('a list of host names').min(1, 'no empty host names'), 'a list of host names')
    .default([])
    .describe('more names the daemon answers to in `Host`; pages at them are let in'),
  http: z
    .strictObject({
      maxBody: wholeNumber(1024, limits.hookBodyBytes, limits.bodyBytes).describe(
        'bytes of a request body; hooks have a limit of their own',
      ),
    })
    .prefault({}),
  photon: z
    .strictObject({
      sockets: z
        .array(z.string('a list of names'), 'a list of names')
        .default([])
        .describe('photons whose clients are served at `~/.photon/daemons/NAME.sock`, each in its namespace'),
      global: z
        .boolean('true or false')
        .default(false)
        .describe('serve newer photon clients at `$PHOTON_HOME/.data/daemon.sock`'),
    })
    .prefault({}),
  sockets: z
    .array(
      z.union(
        [
          z.string().transform((path) => ({ path, namespace: '' })),
          z.strictObject({
            path: z.string(),
            namespace: nameOf('namespace', limits.namespaceBytes).default(''),
          }),
        ],
        socketForm,
      ),
      socketForm,
    )
    .default([])
    .describe('more paths to listen at, each with a namespace if it says one'),
  webhooks: z
    .strictObject({
      listen: z
        .array(z.string('a list of texts "host:port"'), 'a list of texts "host:port"')
        .default([])
        .describe('addresses that serve nothing but webhooks and `/health`, `host:port`'),
      ratePerMinute: wholeNumber(1, 10_000_000, 60).describe(
        'deliveries that one address may send to one webhook in a minute',
      ),
    })
    .prefault({}),
  channels: z
    .strictObject({
      stored: z
        .array(channelPattern, 'a list of channels, by name or prefix*')
        .default([])
        .describe('channels whose messages are kept though nobody asks for it'),
    })
    .prefault({}),
  subscriptions: z
    .strictObject({
      maxUnsentEvents: wholeNumber(1, 1_000_000, limits.unsentEvents).describe(
        'events a follower that reads nothing may fall behind',
      ),
      maxUnsentBytes: wholeNumber(1024, 1024 * 1024 * 1024, limits.unsentBytes).describe('the same in bytes'),
    })
    .prefault({}),
  capture: z
    .strictObject({
      legacySocket: z
        .boolean('true or false')
        .default(false)
        .describe('serve capture clients at `gitify-prompt/daemon.sock` in the temporary folder'),
      transcripts: z
        .boolean('true or false')
        .default(true)
        .describe('keep what sessions of Claude Code write, as their hooks tell of it'),
      exclude: z
        .array(z.string('a list of patterns'), 'a list of patterns')
        .default([])
        .describe(
          'more files whose contents are never kept, beside those of `~/.promptrc.json`: `*` and `?`, a pattern with a `/` is about the whole path',
        ),
      writePrompts: z
        .enum(['always', 'never', 'repo'], 'one of always, never, repo')
        .default('repo')
        .describe(
          'at a commit, write its conversations into `.prompts/`; `repo`: where that folder is, or the hook was installed in the repository itself',
        ),
      gitNotes: z
        .boolean('true or false')
        .default(false)
        .describe('at a commit, name its conversations in a note under `refs/notes/paid`'),
    })
    .prefault({}),
  claude: z
    .strictObject({
      path: z
        .string('a path')
        .default('')
        .describe('the program of Claude Code; `PAID_CLAUDE` says it too; else `claude` in `PATH`'),
    })
    .prefault({}),
  sessions: z
    .strictObject({
      directory: z
        .string('an absolute path')
        .refine((path) => path === '' || path.startsWith('/'), 'an absolute path')
        .default('')
        .describe('where a session works that names no folder; else a new one under `workspaces/`'),
      max: wholeNumber(1, 1000, 10).describe('sessions that run at a time'),
      startSeconds: wholeNumber(1, 3600, 60).describe('a session that has not begun by then has failed'),
      idleSeconds: wholeNumber(0, 10_000_000, 0).describe(
        'a session that had nothing to do for so long is ended; 0: never',
      ),
      stopSeconds: wholeNumber(0, 60, 5).describe('so long a session may take to end before it is killed'),
      answerSeconds: wholeNumber(1, 86_400, 300).describe(
        'a question of an MCP server that nobody answered by then is cancelled',
      ),
      budgetUsd: z
        .number('a number of dollars')
        .min(0, 'a number of dollars, 0 for no bound')
        .default(0)
        .describe('what a session may cost that names no budget; 0: no bound'),
      remoteApproval: z
        .boolean('true or false')
        .default(false)
        .describe(
          'what a session that was started elsewhere asks leave for can be answered here too: `paid sessions approve`',
        ),
      inbox: z
        .boolean('true or false')
        .default(false)
        .describe(
          'write what is said to a session that was started elsewhere into the socket that Claude Code opens for its other sessions',
        ),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(['error', 'warn', 'info', 'debug'], 'one of error, warn, info, debug')
        .default('info')
        .describe('the least that `paid.log` keeps'),
    })
    .prefault({}),
})

/** One option as the README lists it. */
export type OptionRow = { key: string; env: string; standard: unknown; about: string; schema: z.ZodType }

/** The options one by one, in the order of the schema. */
export const optionRows = (): OptionRow[] => rowsOf(options, [])

const rowsOf = (schema: z.ZodObject, above: string[]): OptionRow[] =>
  Object.entries(schema.shape).flatMap(([name, field]) => {
    const path = [...above, name]
    const inner = field instanceof z.ZodPrefault || field instanceof z.ZodDefault ? field.unwrap() : field
    if (inner instanceof z.ZodObject) return rowsOf(inner, path)
    const key = path.join('.')
    return {
      key,
      env: `PAID_${path.map((word) => word.replace(/[A-Z]/g, '_$&').toUpperCase()).join('_')}`,
      standard: field instanceof z.ZodDefault ? field.def.defaultValue : undefined,
      about: field.description ?? '',
      schema: inner instanceof z.ZodType ? inner : z.unknown(),
    }
  })
