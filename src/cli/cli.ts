// THE FRONT DESK: every command by name, with its arguments, flags and help at once (tree/), its code only when it
// runs (commands/).
// It promises: exit code 0 done, 1 failed, 2 wrong usage, 3 not running; results on stdout, talk on stderr, errors as
// `paid: what happened` and what to type next; `--json` on every reading command; never an escape code of ours when
// NO_COLOR is set or nobody looks.
// It refuses: names and flags it does not know, with the nearest it does.

import { defineCommand } from 'citty'
import { runTyped } from './run.ts'
import { actionCommands } from './tree/actions.ts'
import { archiveCommands } from './tree/archive.ts'
import { channelCommands } from './tree/channels.ts'
import { eventCommands } from './tree/events.ts'
import { guardCommands } from './tree/guards.ts'
import { hookCommands } from './tree/hooks.ts'
import { jobCommands } from './tree/jobs.ts'
import { keyCommands } from './tree/keys.ts'
import { lifeCommands } from './tree/life.ts'
import { lockCommands } from './tree/locks.ts'
import { ownCommands } from './tree/own.ts'
import { promptCommands } from './tree/prompts.ts'
import { webhookCommands } from './tree/webhooks.ts'
import { ruleCommands } from './tree/rules.ts'
import { sessionCommands } from './tree/sessions.ts'

export const tree = defineCommand({
  meta: {
    name: 'paid',
    description:
      'paid, the Personal AI Daemon: hears every Claude Code session on this machine and keeps what it heard.',
    examples: ['paid start', 'paid tail', 'paid hooks install'],
  },
  subCommands: {
    ...lifeCommands,
    ...eventCommands,
    ...channelCommands,
    ...sessionCommands,
    ...archiveCommands,
    ...lockCommands,
    ...guardCommands,
    ...ruleCommands,
    ...hookCommands,
    ...actionCommands,
    ...jobCommands,
    ...webhookCommands,
    ...keyCommands,
    ...promptCommands,
    ...ownCommands,
  },
})

/** Runs what was typed, resolves with the exit code. */
export const run = (typed: readonly string[]): Promise<number> => runTyped(tree, typed)
