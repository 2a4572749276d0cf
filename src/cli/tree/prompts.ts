// The commands of prompts: what was said, found again, and which of it made a commit or a line.

import { defineCommand } from 'citty'
import { positionals } from '../arguments.ts'
import { json } from './json.ts'

const id = {
  type: 'positional',
  required: true,
  description: 'by as much of its id as no other has, or the name of a file in .prompts/prompts here',
} as const

const scope = {
  repo: {
    type: 'string',
    valueHint: 'PATH',
    description: 'only conversations of this repository, in all its working trees; else below this folder',
  },
  since: {
    type: 'string',
    valueHint: 'WHEN',
    description: 'only what is newer than a time (ISO 8601), or a span (7d)',
  },
  tool: { type: 'string', valueHint: 'NAME', description: 'only conversations with claude-code, cursor, …' },
  limit: { type: 'string', alias: 'n', valueHint: 'N', description: 'how many at most (20)' },
} as const

const prompts = defineCommand({
  meta: {
    description: 'What was said: found by its words, or behind a commit or a line',
    examples: [
      'paid prompts search login race',
      'paid prompts list --repo .',
      'paid prompts for HEAD',
      'paid prompts for README.md:12',
    ],
  },
  subCommands: {
    search: defineCommand({
      meta: {
        description: 'Search what was asked and answered, and what tools were given',
        about:
          'It finds messages in which all the words are, the best first; of very many matches the newest. Case and accents ' +
          'are one. Words in "quotes" stand next to each other, and beginning* is the beginning of a word, from three letters ' +
          'on. What tools gave back is not searched. --json has the plain text and the marks beside it, in UTF-16 code units.',
        examples: [
          'paid prompts search login race',
          `paid prompts search '"race condition" login' --repo . --since 30d`,
          "paid prompts search 'migrat*' --json",
        ],
      },
      args: {
        text: { type: 'positional', required: true, valueHint: 'TEXT…', description: 'what to look for' },
        ...scope,
        json,
      },
      run: async ({ args, rawArgs }) =>
        (await import('../commands/prompts/search.ts')).default({ ...args, text: positionals(rawArgs) }),
    }),
    list: defineCommand({
      meta: {
        description: 'Conversations: when, with what, the first prompt, and the commits that came of them',
        examples: ['paid prompts list', 'paid prompts list --repo . --since 7d --json'],
      },
      args: { ...scope, json },
      run: async ({ args }) => (await import('../commands/prompts/list.ts')).default(args),
    }),
    show: defineCommand({
      meta: {
        description: 'Read what was asked and answered in a conversation, and nothing else of it',
        about:
          'No tools, no thinking, no subagents: `paid sessions show` has those too. What it changed: `paid prompts diff`.',
        examples: ['paid prompts show 4fa77bb5', 'paid prompts show fix-login-race | less -R'],
      },
      args: { id, json },
      run: async ({ args }) => (await import('../commands/prompts/show.ts')).default(args),
    }),
    diff: defineCommand({
      meta: {
        description: 'What a conversation changed, file by file, each change as a unified diff',
        about:
          'As its tools told of it: what commands such as sed changed is not there. Of excluded files nothing was kept.',
        examples: ['paid prompts diff 4fa77bb5', 'paid prompts diff 4fa77bb5 --json'],
      },
      args: { id, json },
      run: async ({ args }) => (await import('../commands/prompts/diff.ts')).default(args),
    }),
    for: defineCommand({
      meta: {
        description: 'The conversations behind a commit, a file, or one line of a file',
        about:
          'A line leads through `git blame` to its commit, and there to the very message that wrote it. It says how it is known: ' +
          'exact (the session ran git), files (it changed them since they were last committed), time (it went on in this repository then).',
        examples: [
          'paid prompts for HEAD',
          'paid prompts for src/main.ts',
          'paid prompts for src/main.ts:12 --json',
        ],
      },
      args: {
        target: {
          type: 'positional',
          required: true,
          valueHint: 'COMMIT|FILE[:LINE]',
          description: 'HEAD, 1a2b3c4, src/main.ts, src/main.ts:12',
        },
        json,
      },
      run: async ({ args }) => (await import('../commands/prompts/for.ts')).default(args),
    }),
  },
})

export const promptCommands = { prompts } as const
