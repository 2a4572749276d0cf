// The commands of kept conversations: list, read, export them; take in old ones; look whether they are whole.

import { defineCommand } from 'citty'
import { json } from './json.ts'

export const archiveCommands = {
  import: defineCommand({
    meta: {
      description: 'Keep every transcript that Claude Code has written so far',
      about:
        'What is kept already is not kept twice: run it as often as you like. It may be ended at any moment, and goes on ' +
        'where it was when it is run again.',
      examples: ['paid import', 'paid import --since 7d', 'paid import ~/old-laptop/.claude/projects'],
    },
    args: {
      dir: {
        type: 'positional',
        required: false,
        description: 'a folder of transcripts (~/.claude/projects)',
      },
      since: {
        type: 'string',
        valueHint: 'WHEN',
        description: 'only files that changed after a time (ISO 8601), or a span ago (7d)',
      },
      json,
    },
    run: async ({ args }) => (await import('../commands/import.ts')).default(args),
  }),
  archive: defineCommand({
    meta: { description: 'The file that conversations are kept in', examples: ['paid archive verify'] },
    subCommands: {
      verify: defineCommand({
        meta: {
          description: 'Look whether every kept byte is as it was written',
          about: 'It exits 1 when one is not, and names the session and the chunk.',
          examples: ['paid archive verify', 'paid archive verify --json'],
        },
        args: { json },
        run: async ({ args }) => (await import('../commands/archive-verify.ts')).default(args),
      }),
    },
  }),
} as const
