// The commands of keys.

import { defineCommand } from 'citty'
import { repeated } from '../arguments.ts'
import { json } from './json.ts'

const name = {
  type: 'positional',
  required: true,
  description: 'whose key it is; its id at /api/daemon',
} as const

const keys = defineCommand({
  meta: {
    description: 'Keys of agents that run elsewhere and come in at /api/daemon',
    examples: ['paid keys list', 'paid keys add laptop'],
  },
  subCommands: {
    add: defineCommand({
      meta: {
        description: 'Make a key, and print it this once',
        about:
          'An agent registers with the key alone, and logs in with the key and the secret that belongs to it.\n' +
          'A scope is one of events:read, events:write, sessions:read, sessions:write, status:write; without any the ' +
          'key may do everything that an agent may over HTTP. sessions:run lets it run sessions of Claude Code here, ' +
          'and is only for those that name it.',
        examples: [
          'paid keys add laptop',
          'paid keys add ci --scope events:read --scope events:write --expires 30d',
        ],
      },
      args: {
        name,
        scope: { type: 'string', valueHint: 'S', description: 'limit it to this (repeatable)' },
        expires: { type: 'string', valueHint: '30d', description: 'how long it is valid (for ever)' },
        organization: {
          type: 'string',
          valueHint: 'ID',
          description: 'the only organizationId it may register with (any)',
        },
        json,
      },
      run: async ({ args, rawArgs }) =>
        (await import('../commands/keys/add.ts')).default({ ...args, scopes: repeated(rawArgs, 'scope') }),
    }),
    list: defineCommand({
      meta: {
        description: 'Keys by name, and whose agent is there; what they are is not shown, here or anywhere',
        examples: ['paid keys list', 'paid keys list --json'],
      },
      args: { json },
      run: async ({ args }) => (await import('../commands/keys/list.ts')).default(args),
    }),
    revoke: defineCommand({
      meta: {
        description: 'Take a key back: its agent is out at once, with every token it has',
        examples: ['paid keys revoke laptop'],
      },
      args: { name, json },
      run: async ({ args }) => (await import('../commands/keys/revoke.ts')).default(args),
    }),
  },
})

export const keyCommands = { keys } as const
