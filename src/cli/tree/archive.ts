// The commands of kept conversations: list, read, export them; take in old ones; look whether they are whole.

import { defineCommand } from 'citty'
import { json } from './json.ts'

const id = {
  type: 'positional',
  required: true,
  description: 'the session, by as much of its id as no other has',
} as const

export const archiveCommands = {
  sessions: defineCommand({
    meta: {
      description: 'Conversations, the last active first',
      examples: [
        'paid sessions',
        'paid sessions show 4fa77bb5',
        'paid sessions export 4fa77bb5 --format html --out talk.html',
      ],
    },
    args: {
      limit: { type: 'string', alias: 'n', valueHint: 'N', description: 'how many at most (20)' },
      json,
    },
    run: async ({ args }) => (await import('../commands/sessions/list.ts')).default(args),
    subCommands: {
      show: defineCommand({
        meta: {
          description: 'Read a conversation that was kept',
          examples: ['paid sessions show 4fa77bb5', 'paid sessions show 4fa77bb5 --full | less -R'],
        },
        args: {
          id,
          full: {
            type: 'boolean',
            default: false,
            description: 'all of what tools gave, not its first lines',
          },
          json,
        },
        run: async ({ args }) => (await import('../commands/sessions/show.ts')).default(args),
      }),
      export: defineCommand({
        meta: {
          description: 'Write a conversation as a document, with secrets redacted',
          about:
            'jsonl is the transcript as it was kept, line by line; html is one page that needs nothing else.',
          examples: [
            'paid sessions export 4fa77bb5 > talk.md',
            'paid sessions export 4fa77bb5 --format html --out talk.html',
          ],
        },
        args: {
          id,
          format: { type: 'string', valueHint: 'md|json|jsonl|html', description: 'what to write (md)' },
          out: { type: 'string', valueHint: 'FILE', description: 'where to; without it stdout' },
        },
        run: async ({ args }) => (await import('../commands/sessions/export.ts')).default(args),
      }),
    },
  }),
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
