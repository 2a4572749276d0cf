// The commands of events: follow them, read them, post one.

import { defineCommand } from 'citty'
import { repeated } from '../arguments.ts'
import { json } from './json.ts'

const filters = {
  since: {
    type: 'string',
    valueHint: 'WHEN',
    description: 'after an event (evt_12), a time (ISO 8601), or a span ago (10m)',
  },
  type: { type: 'string', valueHint: 'TYPE', description: 'only this type' },
  session: { type: 'string', valueHint: 'ID', description: 'only this session' },
  channel: {
    type: 'string',
    valueHint: 'PATTERN',
    description: 'only these channels: a name or prefix* (repeatable)',
  },
  all: { type: 'boolean', default: false, description: "with the daemon's own affairs" },
  json,
} as const

export const eventCommands = {
  tail: defineCommand({
    meta: {
      description: 'Follow events as they come, one line each, for ever',
      about:
        'It waits when the daemon restarts and goes on where it was. On a terminal the last 10 events come first.',
      examples: [
        'paid tail',
        'paid tail --session 4fa77bb5-9e7a-4bdd-95dd-47d4bba3893f --since 1h',
        'paid tail --type PreToolUse --json | jq .data.tool_name',
      ],
    },
    args: filters,
    run: async ({ args, rawArgs }) =>
      (await import('../commands/tail.ts')).default({ ...args, channel: repeated(rawArgs, 'channel') }),
  }),
  events: defineCommand({
    meta: {
      description: 'Print events that were kept, oldest first',
      examples: [
        'paid events',
        'paid events --type Stop --limit 10',
        "paid events --channel 'build*' --since 2h --json",
      ],
    },
    args: {
      ...filters,
      limit: { type: 'string', alias: 'n', valueHint: 'N', description: 'how many at most (100)' },
    },
    run: async ({ args, rawArgs }) =>
      (await import('../commands/events.ts')).default({ ...args, channel: repeated(rawArgs, 'channel') }),
  }),
  emit: defineCommand({
    meta: {
      description: 'Post an event',
      examples: [
        'paid emit build.finished',
        `paid emit deploy '{"to":"staging"}' --key deploy-42`,
        'git log -1 --format=\'{"commit":"%H"}\' | paid emit commit -',
      ],
    },
    args: {
      type: { type: 'positional', required: true, description: 'what happened, like build.finished' },
      json: { type: 'positional', required: false, description: 'its data; - reads it from stdin' },
      session: { type: 'string', valueHint: 'ID', description: 'the session it belongs to' },
      channel: { type: 'string', valueHint: 'NAME', description: 'where to post it (events)' },
      key: {
        type: 'string',
        valueHint: 'KEY',
        description: 'once-only: posted again with it, nothing is added',
      },
    },
    run: async ({ args }) => (await import('../commands/emit.ts')).default(args),
  }),
} as const
