// The commands of the daemon's life: start, stop, restart, status.

import { defineCommand } from 'citty'
import { repeated } from '../arguments.ts'
import { json } from './json.ts'

const listening = {
  listen: {
    type: 'string',
    valueHint: 'HOST:PORT',
    description: 'where to listen; port 0 picks a free one (repeatable)',
  },
  auth: {
    type: 'string',
    valueHint: 'token|none',
    description: 'what TCP clients must show; none on loopback only',
  },
  photon: {
    type: 'string',
    valueHint: 'NAME',
    description: 'serve the clients of this photon at ~/.photon/daemons/NAME.sock (repeatable)',
  },
  'photon-global': {
    type: 'boolean',
    default: false,
    description: 'serve newer photon clients at $PHOTON_HOME/.data/daemon.sock',
  },
  socket: { type: 'string', valueHint: 'PATH', description: 'listen at this socket too (repeatable)' },
  webhooks: {
    type: 'string',
    valueHint: 'HOST:PORT',
    description: 'serve webhooks here, and nothing else but /health (repeatable)',
  },
} as const

const listeningIn = (
  args: { auth: string | undefined; 'photon-global': boolean },
  words: readonly string[],
) => ({
  listen: repeated(words, 'listen'),
  auth: args.auth,
  photon: repeated(words, 'photon'),
  photonGlobal: args['photon-global'],
  socket: repeated(words, 'socket'),
  webhooks: repeated(words, 'webhooks'),
})

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
      (await import('../commands/start.ts')).default({
        foreground: args.foreground,
        ...listeningIn(args, rawArgs),
      }),
  }),
  stop: defineCommand({
    meta: { description: 'Stop the daemon; fine if none runs', examples: ['paid stop'] },
    run: async () => (await import('../commands/stop.ts')).default(),
  }),
  restart: defineCommand({
    meta: {
      description: 'Stop the daemon and start it with the flags it had',
      examples: ['paid restart', 'paid restart --listen 127.0.0.1:9000'],
    },
    args: listening,
    run: async ({ args, rawArgs }) =>
      (await import('../commands/restart.ts')).default(listeningIn(args, rawArgs)),
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
