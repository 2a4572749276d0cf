// The commands of webhooks.

import { defineCommand } from 'citty'
import { repeated } from '../arguments.ts'
import { json } from './json.ts'

const name = {
  type: 'positional',
  required: true,
  description: 'the webhook: it is sent to /webhook/NAME',
} as const

const secrets = {
  secret: {
    type: 'string',
    valueHint: 'S',
    description: 'what its sender signs with; others may see it in `ps`',
  },
  'secret-stdin': { type: 'boolean', default: false, description: 'read the secret from stdin instead' },
} as const

const webhooks = defineCommand({
  meta: {
    description: 'Let GitHub, Stripe and others tell the daemon something, and have it act on that',
    examples: ['paid webhooks list', 'paid webhooks add --help'],
  },
  subCommands: {
    add: defineCommand({
      meta: {
        description: 'Let a sender in at /webhook/NAME, and say what its deliveries do',
        about:
          'A scheme says how a sender proves who it is: github, stripe, slack and standard (Standard Webhooks) by a signature, ' +
          'header by the secret itself in X-Webhook-Secret. none asks for no proof: it takes what comes from this machine, ' +
          'or from where --allow says.\n' +
          'A delivery is kept before it is answered, and one that is sent again does nothing twice.',
        examples: [
          'paid webhooks add github --scheme github --secret-stdin --publish ci < secret.txt',
          'paid webhooks add stripe --scheme stripe --secret-stdin --do book-payment --async < secret.txt',
          'paid webhooks add sensors --scheme none --allow 192.168.1.0/24 --publish sensors',
        ],
      },
      args: {
        name,
        scheme: {
          type: 'string',
          required: true,
          valueHint: 'NAME',
          description: 'github, stripe, standard, slack, header or none',
        },
        ...secrets,
        do: { type: 'string', valueHint: 'ACTION', description: 'run this action with what was sent' },
        publish: { type: 'string', valueHint: 'CHANNEL', description: 'post what was sent to this channel' },
        tolerance: { type: 'string', valueHint: '5m', description: 'how old a signed timestamp may be (5m)' },
        async: { type: 'boolean', default: false, description: 'answer 202 at once and go on' },
        allow: {
          type: 'string',
          valueHint: 'CIDR',
          description: 'take it only from this address or network (repeatable)',
        },
        json,
      },
      run: async ({ args, rawArgs }) =>
        (await import('../commands/webhooks/add.ts')).default({ ...args, allow: repeated(rawArgs, 'allow') }),
    }),
    list: defineCommand({
      meta: {
        description: 'Webhooks by name; their secrets are not shown, here or anywhere',
        examples: ['paid webhooks list', 'paid webhooks list --json'],
      },
      args: { json },
      run: async ({ args }) => (await import('../commands/webhooks/list.ts')).default(args),
    }),
    show: defineCommand({
      meta: {
        description: 'One webhook, and its last ten deliveries',
        examples: ['paid webhooks show github'],
      },
      args: { name, json },
      run: async ({ args }) => (await import('../commands/webhooks/show.ts')).default(args),
    }),
    remove: defineCommand({
      meta: {
        description: 'Let nobody in there any longer; what runs goes on, what was kept stays',
        examples: ['paid webhooks remove github'],
      },
      args: { name, json },
      run: async ({ args }) => (await import('../commands/webhooks/remove.ts')).default(args),
    }),
    rotate: defineCommand({
      meta: {
        description: 'Give it a new secret; the one before stays valid for a while',
        examples: ['paid webhooks rotate github --secret-stdin --keep 1h < new-secret.txt'],
      },
      args: {
        name,
        ...secrets,
        keep: { type: 'string', valueHint: '24h', description: 'how long the one before stays valid (24h)' },
        json,
      },
      run: async ({ args }) => (await import('../commands/webhooks/rotate.ts')).default(args),
    }),
    deliveries: defineCommand({
      meta: {
        description: 'What was sent to it and what became of that, the newest first',
        examples: ['paid webhooks deliveries github', 'paid webhooks deliveries github --limit 500 --json'],
      },
      args: {
        name,
        limit: { type: 'string', valueHint: 'N', description: 'how many at most (100)' },
        json,
      },
      run: async ({ args }) => (await import('../commands/webhooks/deliveries.ts')).default(args),
    }),
    redeliver: defineCommand({
      meta: {
        description: 'Do once more what a delivery asked for',
        examples: ['paid webhooks redeliver github 72d3162e-cc78-11e3-81ab-4c9367dc0958'],
      },
      args: {
        name,
        delivery: { type: 'positional', required: true, description: 'its id, as `deliveries` lists it' },
        json,
      },
      run: async ({ args }) => (await import('../commands/webhooks/redeliver.ts')).default(args),
    }),
    test: defineCommand({
      meta: {
        description: 'Have the daemon sign a delivery and send it to itself',
        about: 'It is a delivery like any other: the action runs. Exit 1 when it is refused or fails.',
        examples: ['paid webhooks test github', `paid webhooks test github '{"ref":"refs/heads/main"}'`],
      },
      args: {
        name,
        body: { type: 'positional', required: false, valueHint: 'JSON|-', description: 'what is sent ({})' },
        json,
      },
      run: async ({ args }) => (await import('../commands/webhooks/test.ts')).default(args),
    }),
  },
})

export const webhookCommands = { webhooks } as const
