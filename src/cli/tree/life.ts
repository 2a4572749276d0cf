// The commands of the daemon's life: start, stop, restart, status.

import { resolve } from 'node:path'
import { defineCommand } from 'citty'
import { type Flags, flagsFrom, startFlags } from '../../lib/start-flags.ts'
import { repeated } from '../arguments.ts'
import { json } from './json.ts'

const listening = Object.fromEntries(
  Object.entries(startFlags).map(([name, flag]) => [
    name,
    flag.kind === 'switch'
      ? { type: 'boolean' as const, default: false, description: flag.description }
      : { type: 'string' as const, valueHint: flag.valueHint, description: flag.description },
  ]),
)

const saidIn = (args: Readonly<Record<string, unknown>>, words: readonly string[]): Flags =>
  flagsFrom((name, kind) => {
    if (kind === 'list') return repeated(words, name)
    const value = args[name]
    return typeof value === 'string' || value === true ? value : undefined
  }, resolve)

export const lifeCommands = {
  start: defineCommand({
    meta: {
      description: 'Start the daemon in the background; fine if it runs already',
      examples: [
        'paid start',
        'paid start --listen 127.0.0.1:0',
        'paid start --listen 0.0.0.0:8787 --foreground',
      ],
    },
    args: {
      foreground: {
        type: 'boolean',
        default: false,
        description: 'stay in this terminal and log to it',
      },
      ...listening,
    },
    run: async ({ args, rawArgs }) =>
      (await import('../commands/start.ts')).default(args.foreground, saidIn(args, rawArgs)),
  }),
  stop: defineCommand({
    meta: { description: 'Stop the daemon; fine if none runs', examples: ['paid stop'] },
    run: async () => (await import('../commands/stop.ts')).default(),
  }),
  restart: defineCommand({
    meta: {
      description: 'Stop the daemon and start it with the flags it had',
      about: 'Sessions that it runs end with it, and are resumed after.',
      examples: ['paid restart', 'paid restart --listen 127.0.0.1:9000', 'paid restart --wait 10m'],
    },
    args: {
      ...listening,
      wait: {
        type: 'string',
        valueHint: '10m',
        description: 'wait so long for sessions that are busy (not at all)',
      },
    },
    run: async ({ args, rawArgs }) => {
      const { default: restart } = await import('../commands/restart.ts')
      const { wait } = args
      return await restart(saidIn(args, rawArgs), typeof wait === 'string' ? wait : undefined)
    },
  }),
  status: defineCommand({
    meta: {
      description: 'What runs, since when, where, and how much it keeps',
      examples: ['paid status', 'paid status --json'],
    },
    args: { json },
    run: async ({ args }) => (await import('../commands/status.ts')).default(args),
  }),
} as const
