// The commands that look into the daemon itself: any call, its log, its files, its health.

import { defineCommand } from 'citty'
import { json } from './json.ts'

export const ownCommands = {
  call: defineCommand({
    meta: {
      description: 'Call a method of the daemon and print what it answers',
      examples: ['paid call system.methods', `paid call event.list '{"limit":1}'`],
    },
    args: {
      method: { type: 'positional', required: true, description: '`paid call system.methods` lists them' },
      json: {
        type: 'positional',
        required: false,
        description: 'its parameters; - reads them from stdin',
      },
    },
    run: async ({ args }) => (await import('../commands/call.ts')).default(args),
  }),
  logs: defineCommand({
    meta: {
      description: "Print the end of the daemon's own log",
      examples: ['paid logs', 'paid logs -f -n 200'],
    },
    args: {
      follow: { type: 'boolean', default: false, alias: 'f', description: 'go on as it grows' },
      lines: { type: 'string', alias: 'n', valueHint: 'N', description: 'how many lines (50)' },
    },
    run: async ({ args }) => (await import('../commands/logs.ts')).default(args),
  }),
  paths: defineCommand({
    meta: { description: 'Where files live', examples: ['paid paths', 'paid paths --json'] },
    args: { json },
    run: async ({ args }) => (await import('../commands/paths.ts')).default(args),
  }),
  doctor: defineCommand({
    meta: {
      description: 'Look for what is wrong, and say what to do about it',
      about: 'It changes nothing. It exits 0 when nothing failed; a warning is no failure.',
      examples: ['paid doctor', 'paid doctor --json'],
    },
    args: { json },
    run: async ({ args }) => (await import('../commands/doctor.ts')).default(args),
  }),
} as const
