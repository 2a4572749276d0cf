// The commands of jobs: names, arguments, flags and help; the code of each when it runs.

import { defineCommand } from 'citty'
import { json } from './json.ts'

const id = { type: 'positional', required: true, description: 'the job' } as const

const jobs = defineCommand({
  meta: {
    description: 'Have actions run on a schedule: on time, each firing once',
    about: 'What runs is an action: see `paid actions`. The command line schedules in the default namespace.',
    examples: [
      "paid jobs add nightly --cron '30 2 * * *' --do backup",
      'paid jobs list',
      'paid jobs show nightly',
    ],
  },
  subCommands: {
    add: defineCommand({
      meta: {
        description: 'Schedule an action; a job of this id is replaced and keeps its counts',
        about:
          'A cron has five fields: minute, hour, day of month, month, weekday; lists, ranges, steps, names (MON, JAN), L, # and\n' +
          '@hourly, @daily, @weekly, @monthly, @yearly are read. With --seconds it has six, seconds first.\n' +
          'A firing that nobody was there for (the machine slept, the daemon was down) is told; --missed says whether it runs.\n' +
          'While a run goes on, the next firing is left out, or waits with --overlap queue.',
        examples: [
          "paid jobs add nightly --cron '30 2 * * *' --tz Europe/Berlin --do backup --missed run-once",
          `paid jobs add poll --every 15m --do fetch-mail --args '{"box":"in"}' --timeout 5m`,
          'paid jobs add remind --at 2026-12-24T18:00:00+01:00 --do tell-phone --retry 3',
        ],
      },
      args: {
        id: { type: 'positional', required: true, description: 'what it is to be called' },
        cron: { type: 'string', valueHint: 'EXPR', description: 'by the clock on the wall: `30 2 * * 1-5`' },
        every: {
          type: 'string',
          valueHint: '15m',
          description: 'again and again, so long from one to the next',
        },
        at: { type: 'string', valueHint: 'ISO', description: 'once, at this time' },
        do: { type: 'string', valueHint: 'ACTION', description: 'what runs' },
        args: {
          type: 'string',
          valueHint: 'JSON|-',
          description: 'what it is run with; - reads it from stdin',
        },
        tz: { type: 'string', valueHint: 'ZONE', description: 'zone of a cron (that of the daemon)' },
        seconds: { type: 'boolean', default: false, description: 'the cron has six fields, seconds first' },
        missed: {
          type: 'string',
          valueHint: 'POLICY',
          description: 'firings that were missed: skip, run-once or run-all (skip)',
        },
        overlap: {
          type: 'string',
          valueHint: 'POLICY',
          description: 'firings while the run before goes on: skip or queue (skip)',
        },
        retry: {
          type: 'string',
          valueHint: 'N',
          description: 'so many more tries of a run that fails or is lost (0)',
        },
        timeout: {
          type: 'string',
          valueHint: '10m',
          description: 'end a run after so long (as its action says)',
        },
        announce: {
          type: 'string',
          valueHint: 'CHANNEL',
          description: 'tell the end of each run to who subscribes there',
        },
      },
      run: async ({ args }) => (await import('../commands/jobs/add.ts')).default(args),
    }),
    list: defineCommand({
      meta: {
        description: 'Jobs by id: what each runs, and when it is next',
        examples: ['paid jobs list', 'paid jobs list --json'],
      },
      args: { json },
      run: async ({ args }) => (await import('../commands/jobs/list.ts')).default(args),
    }),
    show: defineCommand({
      meta: {
        description: 'One job, with its next five runs and its last ten results',
        examples: ['paid jobs show nightly'],
      },
      args: { id, json },
      run: async ({ args }) => (await import('../commands/jobs/show.ts')).default(args),
    }),
    run: defineCommand({
      meta: {
        description: 'Run a job now, beside its schedule; returns when it has begun',
        examples: ['paid jobs run nightly'],
      },
      args: { id },
      run: async ({ args }) => (await import('../commands/jobs/steer.ts')).run(args),
    }),
    pause: defineCommand({
      meta: {
        description: 'Plan nothing more until it is resumed; a run that goes on ends by itself',
        examples: ['paid jobs pause nightly'],
      },
      args: { id },
      run: async ({ args }) => (await import('../commands/jobs/steer.ts')).pause(args),
    }),
    resume: defineCommand({
      meta: {
        description: 'Go on with a paused job, from now',
        examples: ['paid jobs resume nightly'],
      },
      args: { id },
      run: async ({ args }) => (await import('../commands/jobs/steer.ts')).resume(args),
    }),
    remove: defineCommand({
      meta: {
        description: 'Forget a job; its history stays in the log',
        examples: ['paid jobs remove nightly'],
      },
      args: { id },
      run: async ({ args }) => (await import('../commands/jobs/steer.ts')).remove(args),
    }),
    history: defineCommand({
      meta: {
        description: 'How its runs ended, what was missed and what was left out, oldest first',
        examples: ['paid jobs history nightly', 'paid jobs history nightly -n 500 --json'],
      },
      args: {
        id,
        limit: { type: 'string', alias: 'n', valueHint: 'N', description: 'how many at most (100)' },
        json,
      },
      run: async ({ args }) => (await import('../commands/jobs/history.ts')).default(args),
    }),
  },
})

export const jobCommands = { jobs } as const
