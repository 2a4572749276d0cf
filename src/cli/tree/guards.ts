// The commands of guards: files that no session touches without a lock.

import { defineCommand } from 'citty'
import { json } from './json.ts'

export const guardCommands = {
  guard: defineCommand({
    meta: {
      description: 'Have sessions of Claude Code touch files only while they hold a lock',
      examples: ["paid guard add 'migrations/*' --lock database", 'paid guard list'],
    },
    subCommands: {
      add: defineCommand({
        meta: {
          description: 'Guard the files that a pattern means with a lock',
          about:
            'Before Edit, Write, MultiEdit, NotebookEdit or Bash touches such a file the session takes the lock, and keeps ' +
            'it until its turn ends. While another holds it the tool is refused, and the model learns who that is.\n' +
            'A pattern without a slash is about the name of a file, one with a slash about its whole path, from this ' +
            'folder on unless it begins with / or *. `*` is any characters, `?` one; upper and lower case are the same.',
          examples: [
            "paid guard add 'migrations/*' --lock database",
            "paid guard add '*.lock' --lock dependencies --wait 30s",
            'paid guard add /etc/app.conf --lock production --when-down deny',
          ],
        },
        args: {
          pattern: { type: 'positional', required: true, description: 'which files; quote it for the shell' },
          lock: { type: 'string', valueHint: 'NAME', description: 'the lock that they need' },
          wait: {
            type: 'string',
            valueHint: '30s',
            description: 'how long a tool waits for the lock before it is refused (not at all)',
          },
          'when-down': {
            type: 'string',
            valueHint: 'allow|deny',
            description: 'what holds while no daemon runs (allow)',
          },
          json,
        },
        run: async ({ args }) => (await import('../commands/guard/add.ts')).default(args),
      }),
      list: defineCommand({
        meta: { description: 'Guards: which files, which locks', examples: ['paid guard list --json'] },
        args: { json },
        run: async ({ args }) => (await import('../commands/guard/list.ts')).default(args),
      }),
      remove: defineCommand({
        meta: { description: 'Forget a guard', examples: ["paid guard remove 'migrations/*'"] },
        args: {
          pattern: { type: 'positional', required: true, description: 'as it was added' },
          json,
        },
        run: async ({ args }) => (await import('../commands/guard/remove.ts')).default(args),
      }),
    },
  }),
} as const
