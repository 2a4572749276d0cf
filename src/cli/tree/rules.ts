// The commands of rules: what happens whenever an event of a kind is stored.

import { defineCommand } from 'citty'
import { repeated } from '../arguments.ts'
import { json } from './json.ts'

const name = { type: 'positional', required: true, description: 'the rule' } as const

export const ruleCommands = {
  rules: defineCommand({
    meta: {
      description: 'Run an action whenever an event of a kind is stored',
      examples: ["paid rules add tell --on 'type=Stop' --do tell-n8n", 'paid rules list'],
    },
    subCommands: {
      add: defineCommand({
        meta: {
          description: 'Run an action with each event of a kind, in order and at least once',
          about:
            'The action gets the event as JSON. It begins with what is stored from now on. What fails is tried again, ' +
            'later and later, then set aside (see `paid rules show`), and the next event has its turn. Events that the ' +
            'rule itself caused do not run it.\n' +
            'A filter compares parts of the event: == != < <= > >=, in, contains, startsWith, endsWith, && || ! and ( ).',
          examples: [
            "paid rules add tell --on 'type=Stop' --do tell-n8n",
            `paid rules add slow --on type=PostToolUse --filter 'data.tool_name == "Bash" && data.duration_ms > 60000' --do ring`,
            "paid rules add board --on 'channel=board:*,type=moved' --on type=job.failed --do tell-n8n --since 1h",
          ],
        },
        args: {
          name: { type: 'positional', required: true, description: 'any name of yours' },
          on: {
            type: 'string',
            valueHint: 'KIND',
            description:
              'which events: type=TYPE, channel=NAME or prefix*, session=ID, with commas between; repeat it for more kinds',
          },
          do: { type: 'string', valueHint: 'ACTION', description: 'the action to run' },
          filter: {
            type: 'string',
            valueHint: 'EXPR',
            description: 'only events for which this holds, like data.ok == false',
          },
          since: {
            type: 'string',
            valueHint: 'WHEN',
            description: 'begin after an event (evt_12), a time (ISO 8601), or a span ago (10m), not now',
          },
          retries: { type: 'string', valueHint: 'N', description: 'try an event again so often (10)' },
          timeout: { type: 'string', valueHint: '30s', description: 'for one run (as the action says)' },
          replace: { type: 'boolean', default: false, description: 'in place of the rule of this name' },
        },
        run: async ({ args, rawArgs }) =>
          (await import('../commands/rules/add.ts')).default({ ...args, on: repeated(rawArgs, 'on') }),
      }),
      list: defineCommand({
        meta: {
          description: 'Rules, what they do, and what waits for them',
          examples: ['paid rules list --json'],
        },
        args: { json },
        run: async ({ args }) => (await import('../commands/rules/list.ts')).default(args),
      }),
      show: defineCommand({
        meta: {
          description: 'One rule: where it is, what failed, what it set aside',
          examples: ['paid rules show tell'],
        },
        args: { name, json },
        run: async ({ args }) => (await import('../commands/rules/show.ts')).default(args),
      }),
      pause: defineCommand({
        meta: { description: 'Let a rule rest; events wait for it', examples: ['paid rules pause tell'] },
        args: { name },
        run: async ({ args }) => (await import('../commands/rules/rest.ts')).default(args, true),
      }),
      resume: defineCommand({
        meta: {
          description: 'Let it go on; what failed is tried again at once',
          examples: ['paid rules resume tell'],
        },
        args: { name },
        run: async ({ args }) => (await import('../commands/rules/rest.ts')).default(args, false),
      }),
      retry: defineCommand({
        meta: {
          description: 'Try once more what was set aside, or drop it',
          examples: [
            'paid rules retry tell',
            'paid rules retry tell evt_12',
            'paid rules retry tell evt_12 --drop',
          ],
        },
        args: {
          name,
          event: { type: 'positional', required: false, description: 'this event alone (all)' },
          drop: { type: 'boolean', default: false, description: 'forget it instead' },
        },
        run: async ({ args }) => (await import('../commands/rules/retry.ts')).default(args),
      }),
      remove: defineCommand({
        meta: { description: 'Forget a rule and what it set aside', examples: ['paid rules remove tell'] },
        args: { name },
        run: async ({ args }) => (await import('../commands/rules/remove.ts')).default(args),
      }),
    },
  }),
} as const
