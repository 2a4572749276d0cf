// The commands of prompts: what was said, and which of it made a commit or a line.

import { defineCommand } from 'citty'
import { json } from './json.ts'

const prompts = defineCommand({
  meta: {
    description: 'What was said: the conversation behind a commit or a line',
    examples: ['paid prompts for HEAD', 'paid prompts for README.md:12'],
  },
  subCommands: {
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
