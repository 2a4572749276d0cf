// The commands of Claude Code's hooks: install them, and what Claude Code runs.

import { defineCommand } from 'citty'
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

const hooks = defineCommand({
  meta: {
    description: 'Have Claude Code tell the daemon what its sessions do',
    examples: ['paid hooks install', 'paid hooks status'],
  },
  subCommands: {
    install: defineCommand({
      meta: {
        description: "Add `paid hook` for every event to Claude Code's settings; fine if it is there",
        examples: ['paid hooks install', 'paid hooks install --project', 'paid hooks install --print'],
      },
      args: { ...settings, print },
      run: async ({ args }) => (await import('../commands/hooks.ts')).install(args),
    }),
    uninstall: defineCommand({
      meta: {
        description: 'Take it out again; the settings are as they were',
        examples: ['paid hooks uninstall'],
      },
      args: { ...settings, print },
      run: async ({ args }) => (await import('../commands/hooks.ts')).uninstall(args),
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
    run: async () => (await import('../commands/hook.ts')).runHook(),
  }),
} as const
