// The commands that talk over channels: names, arguments, flags and help; the code of each when it runs.

import { defineCommand } from 'citty'
import { positionals } from '../arguments.ts'

export const channelCommands = {
  publish: defineCommand({
    meta: {
      description: 'Say something to whoever listens on a channel',
      about: 'It is delivered and forgotten, unless --store or the configuration keeps it.',
      examples: [
        `paid publish board:main '{"event":"task-moved"}'`,
        'date | jq -R . | paid publish clock - --store',
      ],
    },
    args: {
      channel: { type: 'positional', required: true, description: 'where, like board:main' },
      json: { type: 'positional', required: false, description: 'the message ({}); - reads it from stdin' },
      store: { type: 'boolean', default: false, description: 'keep it; prints its id' },
    },
    run: async ({ args }) => (await import('../commands/publish.ts')).default(args),
  }),
  subscribe: defineCommand({
    meta: {
      description: 'Print the messages of channels as they come, one line each',
      about: 'It waits when the daemon restarts, and ends when whoever reads its output does.',
      examples: [
        'paid subscribe board:main',
        "paid subscribe 'board:*' news --json | jq .data",
        'paid subscribe orders --since evt_12 | head -n 1',
      ],
    },
    args: {
      pattern: {
        type: 'positional',
        required: true,
        valueHint: 'PATTERN…',
        description: 'channels, each a name or prefix*',
      },
      since: {
        type: 'string',
        valueHint: 'WHEN',
        description: 'what was kept after an event (evt_12), a time (ISO 8601), or a span ago (10m), first',
      },
      json: { type: 'boolean', default: false, description: 'print whole events, not only the message' },
    },
    run: async ({ args, rawArgs }) =>
      (await import('../commands/subscribe.ts')).default({ ...args, patterns: positionals(rawArgs) }),
  }),
}
