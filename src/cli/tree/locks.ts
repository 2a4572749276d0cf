// The commands of locks, as cli.ts declares all others; in a file of their own because they belong together.

import { defineCommand } from 'citty'

const holder = {
  type: 'string',
  valueHint: 'NAME',
  description: 'in whose name; without it this shell or session, or for a command that command alone',
} as const

export const lockCommands = {
  lock: defineCommand({
    meta: {
      description: 'Take turns: take a lock, and run a command while it is yours',
      about:
        'With a command the lease is renewed while it runs and given back at its end. The command finds its token in ' +
        'PAID_LOCK_TOKEN; its signals and its exit code pass through. Should the lease be lost, it is ended: SIGTERM, then SIGKILL, exit 1.\n' +
        'Without one the lock stays yours until `paid unlock NAME`, or until its lease ends; its token is printed.\n' +
        'Not obtained: exit 1, and who has it since when.',
      rest: '[-- CMD ARG…]',
      examples: [
        'paid lock build -- make',
        'paid lock build --wait 10s -- make test',
        'paid lock deploy --ttl 10m --note "release 2.1" && ./deploy.sh; paid unlock deploy',
      ],
    },
    args: {
      name: {
        type: 'positional',
        required: true,
        description: 'any name that those who take turns agree on',
      },
      wait: { type: 'string', valueHint: '10s', description: 'wait in line for so long (not at all)' },
      ttl: {
        type: 'string',
        valueHint: '30s',
        description: 'how long the lease lasts without renewal (30s)',
      },
      holder,
      note: { type: 'string', valueHint: 'TEXT', description: 'why, for whoever finds it held' },
    },
    run: async ({ args, rawArgs }) => {
      const [, ...command] = rawArgs.slice(rawArgs.indexOf('--') + 1)
      return await (await import('../commands/lock.ts')).default(args, command)
    },
  }),
  unlock: defineCommand({
    meta: {
      description: 'Give a lock back; the next in line has it at once',
      examples: ['paid unlock deploy', 'paid unlock deploy --force --why "its shell is gone"'],
    },
    args: {
      name: { type: 'positional', required: true, description: 'the lock' },
      holder: { ...holder, description: 'whoever it was taken for; without it this shell or session' },
      token: { type: 'string', valueHint: 'N', description: 'whoever shows the token may give it back' },
      force: { type: 'boolean', default: false, description: 'take it from whoever holds it' },
      why: { type: 'string', valueHint: 'TEXT', description: 'with --force: the reason, which is kept' },
    },
    run: async ({ args }) => (await import('../commands/unlock.ts')).default(args),
  }),
  locks: defineCommand({
    meta: {
      description: 'Locks that are held: by whom, since when, for how much longer',
      examples: ['paid locks', 'paid locks --json'],
    },
    args: { json: { type: 'boolean', default: false, description: 'print JSON for programs' } },
    run: async ({ args }) => (await import('../commands/locks.ts')).default(args),
  }),
} as const
