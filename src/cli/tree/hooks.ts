// The commands of Claude Code's hooks: install them, and what Claude Code runs.

import { defineCommand } from 'citty'
import { WrongUsage } from '../wrong-usage.ts'
import { json } from './json.ts'

const settings = {
  project: {
    type: 'boolean',
    default: false,
    description: "this folder's .claude/settings.json instead of the user's",
  },
  json,
} as const
const print = {
  type: 'boolean',
  default: false,
  description: 'show what the file would be, change nothing',
} as const

const rewake = {
  type: 'boolean',
  default: false,
  description: 'also wake idle sessions with what is said to them: a process waits beside each',
} as const

const git = {
  git: {
    type: 'boolean',
    default: false,
    description: "git's post-commit of this repository instead: which conversation made a commit",
  },
  global: { type: 'boolean', default: false, description: 'with --git: of all repositories of this user' },
} as const

/** Which of the two it is; both have the same flags. */
const commandsFor = (args: { git: boolean; global: boolean; project: boolean; rewake?: boolean }) => {
  if (args.global && !args.git)
    throw new WrongUsage('--global goes with --git', 'See `paid hooks install --help`.')
  if (args.git && args.project)
    throw new WrongUsage('--project goes without --git', 'See `paid hooks install --help`.')
  if (args.git && args.rewake)
    throw new WrongUsage('--rewake goes without --git', 'See `paid hooks install --help`.')
  return args.git ? import('../commands/git-hooks.ts') : import('../commands/hooks.ts')
}

const hooks = defineCommand({
  meta: {
    description: 'Have Claude Code tell the daemon what its sessions do, and git which commits were made',
    examples: ['paid hooks install', 'paid hooks install --git', 'paid hooks status'],
  },
  subCommands: {
    install: defineCommand({
      meta: {
        description: "Add `paid hook` for every event to Claude Code's settings; fine if it is there",
        examples: ['paid hooks install', 'paid hooks install --project', 'paid hooks install --rewake'],
      },
      args: { ...settings, ...git, rewake, print },
      run: async ({ args }) => (await commandsFor(args)).install(args),
    }),
    uninstall: defineCommand({
      meta: {
        description: 'Take it out again; everything is as it was',
        examples: ['paid hooks uninstall', 'paid hooks uninstall --git'],
      },
      args: { ...settings, ...git, print },
      run: async ({ args }) => (await commandsFor(args)).uninstall(args),
    }),
    status: defineCommand({
      meta: {
        description: 'For which events it is installed, and when the last one came',
        examples: ['paid hooks status', 'paid hooks status --json'],
      },
      args: settings,
      run: async ({ args }) => (await import('../commands/hooks.ts')).status(args),
    }),
  },
})

export const hookCommands = {
  hooks,
  hook: defineCommand({
    meta: {
      description: 'Hand the event on stdin to the daemon; Claude Code runs it',
      about:
        'Whatever is wrong, it says nothing and exits 0; an event that was not answered waits in the spool.',
      examples: [`echo '{"hook_event_name":"Stop","session_id":"test"}' | paid hook`],
    },
    args: {
      reply: {
        type: 'boolean',
        default: false,
        description: 'Claude Code waits for it and reads the reply, which may tell the session something',
      },
      rewake: {
        type: 'boolean',
        default: false,
        description: 'wait until something is said to the session, which does nothing, and wake it with that',
      },
    },
    run: async ({ rawArgs }) => (await import('../commands/hook.ts')).runHook(rawArgs),
  }),
} as const
