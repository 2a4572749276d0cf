// The commands of sessions: start them, watch them, talk into them, stop them; read what was kept of them.

import { defineCommand } from 'citty'
import { json } from './json.ts'

const id = {
  type: 'positional',
  required: true,
  description: 'the session, by as much of its id as no other has',
} as const

const request = {
  type: 'string',
  valueHint: 'REQUEST',
  description: 'which of its requests; without it the one that waits longest',
} as const

export const sessionCommands = {
  sessions: defineCommand({
    meta: {
      description: 'Sessions and conversations, the last active first; start one, watch it, talk to it',
      examples: [
        'paid sessions',
        'paid sessions spawn "Fix the failing tests"',
        'paid sessions send 4fa77bb5 "Also update the README"',
        'paid sessions show 4fa77bb5',
      ],
    },
    args: {
      limit: { type: 'string', alias: 'n', valueHint: 'N', description: 'how many at most (20)' },
      json,
    },
    run: async ({ args }) => (await import('../commands/sessions/list.ts')).default(args),
    subCommands: {
      spawn: defineCommand({
        meta: {
          description: 'Start a session of Claude Code and watch it; ^C leaves it running',
          examples: [
            'paid sessions spawn "Fix the failing tests"',
            'paid sessions spawn "Review the last commit" --dir ~/project --detach',
            'paid sessions spawn --permission-mode acceptEdits',
          ],
        },
        args: {
          prompt: {
            type: 'positional',
            required: false,
            valueHint: 'PROMPT|-',
            description: 'what it is to do; - reads it from stdin; without it the session waits',
          },
          dir: { type: 'string', valueHint: 'FOLDER', description: 'where it works (here)' },
          model: {
            type: 'string',
            valueHint: 'NAME',
            description: 'the model, as `claude --model` takes it',
          },
          title: { type: 'string', valueHint: 'TEXT', description: 'what it is called in lists' },
          'permission-mode': {
            type: 'string',
            valueHint: 'MODE',
            description: 'as `claude --permission-mode` takes it',
          },
          budget: { type: 'string', valueHint: 'USD', description: 'the most that it may cost, in dollars' },
          detach: { type: 'boolean', default: false, description: 'print its id and leave it running' },
          json: {
            type: 'boolean',
            default: false,
            description: 'print the session as JSON and leave it running',
          },
        },
        run: async ({ args }) => (await import('../commands/sessions/spawn.ts')).default(args),
      }),
      watch: defineCommand({
        meta: {
          description: 'What a session said, and what it says from now on; ^C leaves it running',
          examples: ['paid sessions watch 4fa77bb5'],
        },
        args: { id },
        run: async ({ args }) => (await import('../commands/sessions/watch.ts')).default(args),
      }),
      send: defineCommand({
        meta: {
          description: 'Say something to a session; without a flag it is its next turn',
          about:
            'A session that paid does not run reads it when one of its hooks asks, or at once where that was asked for: sessions.inbox, `paid hooks install --rewake`.',
          examples: [
            'paid sessions send 4fa77bb5 "Also update the README"',
            'paid sessions send 4fa77bb5 --now "Stop that, the tests come first"',
            'paid sessions send 4fa77bb5 --note "The build is green again"',
          ],
        },
        args: {
          id,
          text: {
            type: 'positional',
            required: true,
            valueHint: 'TEXT|-',
            description: 'what is said; - reads it from stdin',
          },
          now: { type: 'boolean', default: false, description: 'interrupt what it does' },
          note: {
            type: 'boolean',
            default: false,
            description: 'to be read with its next turn; starts none',
          },
          wait: { type: 'boolean', default: false, description: 'wait for the answer and print it' },
        },
        run: async ({ args }) => (await import('../commands/sessions/send.ts')).default(args),
      }),
      interrupt: defineCommand({
        meta: {
          description: 'Have a session drop what it does; it waits for what is said next',
          examples: ['paid sessions interrupt 4fa77bb5'],
        },
        args: { id },
        run: async ({ args }) => (await import('../commands/sessions/interrupt.ts')).default(args),
      }),
      stop: defineCommand({
        meta: {
          description: 'End a session that paid runs, with everything it started',
          examples: ['paid sessions stop 4fa77bb5'],
        },
        args: { id },
        run: async ({ args }) => (await import('../commands/sessions/stop.ts')).default(args),
      }),
      resume: defineCommand({
        meta: {
          description: 'Go on with a session that has ended, and watch it',
          examples: ['paid sessions resume 4fa77bb5 "Go on"'],
        },
        args: {
          id,
          prompt: {
            type: 'positional',
            required: false,
            valueHint: 'PROMPT|-',
            description: 'what it is to do next; - reads it from stdin',
          },
          detach: { type: 'boolean', default: false, description: 'print its id and leave it running' },
        },
        run: async ({ args }) => (await import('../commands/sessions/resume.ts')).default(args),
      }),
      approve: defineCommand({
        meta: {
          description: 'Let a session do what it asks for',
          examples: ['paid sessions approve 4fa77bb5', 'paid sessions approve 4fa77bb5 --always'],
        },
        args: {
          id,
          request,
          always: { type: 'boolean', default: false, description: 'also the next time' },
          input: { type: 'string', valueHint: 'JSON|-', description: 'with this input instead' },
        },
        run: async ({ args }) => (await import('../commands/sessions/approve.ts')).default(args),
      }),
      deny: defineCommand({
        meta: {
          description: 'Do not let a session do what it asks for',
          examples: ['paid sessions deny 4fa77bb5 --message "Use the staging database"'],
        },
        args: {
          id,
          request,
          message: { type: 'string', valueHint: 'TEXT', description: 'what Claude is told' },
        },
        run: async ({ args }) => (await import('../commands/sessions/deny.ts')).default(args),
      }),
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
} as const
