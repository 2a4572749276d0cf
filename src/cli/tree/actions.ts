// The commands of actions: names, arguments, flags and help; the code of each when it runs.

import { defineCommand } from 'citty'
import { repeated } from '../arguments.ts'
import { json } from './json.ts'

const name = { type: 'positional', required: true, description: 'the action' } as const

const actions = defineCommand({
  meta: {
    description: 'Name what the daemon can do: a command, an HTTP request, a message to a channel',
    about: 'Jobs, webhooks and rules run actions by their names; so can you, and so can programs.',
    examples: ['paid actions add backup -- ./backup.sh', 'paid actions run backup', 'paid actions list'],
  },
  subCommands: {
    add: defineCommand({
      meta: {
        description: 'Store an action under a name; fine if it is there as it is',
        about:
          'A command gets what it is run with as JSON on stdin. What it says on stdout is the result, JSON or text; what it says on ' +
          'stderr goes to the log. Another exit code than 0 is a failure. There is no shell, and of your environment only the ' +
          'plain part (PATH, HOME, LANG and their like). It runs in the folder where it was added.\n' +
          'An HTTP request has it as its JSON body, and is tried again while that may help.\n' +
          'What stands in --env and --header is in the list of processes for a moment: give secrets with --env-stdin or ' +
          '--header-stdin, one NAME=VALUE a line.',
        rest: '[-- CMD ARG…]',
        examples: [
          'paid actions add backup --timeout 1h -- ./backup.sh --all',
          'paid actions add tell-n8n --http POST https://n8n.example/webhook/paid --header-stdin < headers.txt',
          'paid actions add announce --publish news',
        ],
      },
      args: {
        name: { type: 'positional', required: true, description: 'what it is to be called' },
        url: { type: 'positional', required: false, description: 'with --http: where' },
        http: { type: 'string', valueHint: 'METHOD', description: 'an HTTP request: GET, POST, …' },
        header: { type: 'string', valueHint: 'K=V', description: 'with --http: a header (repeatable)' },
        'header-stdin': { type: 'boolean', default: false, description: 'read headers from stdin' },
        publish: {
          type: 'string',
          valueHint: 'CHANNEL',
          description: 'a message to a channel, which is kept',
        },
        prompt: {
          type: 'string',
          valueHint: 'TEXT',
          description: 'a prompt, which a session of Claude Code of its own answers',
        },
        cwd: { type: 'string', valueHint: 'DIR', description: 'where a command runs (here)' },
        env: { type: 'string', valueHint: 'K=V', description: 'a variable of a command (repeatable)' },
        'env-stdin': { type: 'boolean', default: false, description: 'read variables from stdin' },
        concurrency: {
          type: 'string',
          valueHint: 'N',
          description: 'so many runs at a time, more wait in line (4)',
        },
        timeout: { type: 'string', valueHint: '10m', description: 'a run that takes longer is ended (10m)' },
        replace: { type: 'boolean', default: false, description: 'in place of what has the name' },
      },
      run: async ({ args, rawArgs }) => {
        // behind the --, which plainWords puts there: what stands for itself, then the command as it was typed
        const { default: add, placed } = await import('../commands/actions/add.ts')
        const given = { header: repeated(rawArgs, 'header'), env: repeated(rawArgs, 'env') }
        return await add({ ...args, ...given, ...placed(args, rawArgs.slice(rawArgs.indexOf('--') + 1)) })
      },
    }),
    list: defineCommand({
      meta: {
        description: 'Actions by name: what is stored, and what connected programs offer',
        examples: ['paid actions list', 'paid actions list --json'],
      },
      args: { json },
      run: async ({ args }) => (await import('../commands/actions/list.ts')).default(args),
    }),
    show: defineCommand({
      meta: {
        description: 'One action, and how its last runs went; values that look like secrets are hidden',
        examples: ['paid actions show backup'],
      },
      args: { name, json },
      run: async ({ args }) => (await import('../commands/actions/show.ts')).default(args),
    }),
    run: defineCommand({
      meta: {
        description: 'Run one, wait for it and print its result; exit 1 and the reason when it fails',
        examples: ['paid actions run backup', `paid actions run deploy '{"to":"staging"}'`],
      },
      args: {
        name,
        args: {
          type: 'positional',
          required: false,
          valueHint: 'JSON|-',
          description: 'what it is run with ({}); - reads it from stdin',
        },
        timeout: { type: 'string', valueHint: '10m', description: 'end it after so long (as it was added)' },
        json: {
          type: 'boolean',
          default: false,
          description: 'print the whole answer: run, result, how long it took',
        },
      },
      run: async ({ args }) => (await import('../commands/actions/run.ts')).default(args),
    }),
    remove: defineCommand({
      meta: {
        description: 'Forget an action; runs that have begun go on',
        examples: ['paid actions remove backup'],
      },
      args: { name },
      run: async ({ args }) => (await import('../commands/actions/remove.ts')).default(args),
    }),
  },
})

export const actionCommands = { actions } as const
