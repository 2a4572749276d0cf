// THE FRONT DESK: every command by name, with its arguments, flags and help at once, its code only when it runs.
// It promises: exit code 0 done, 1 failed, 2 wrong usage, 3 not running; results on stdout, talk on stderr, errors as
// `paid: what happened` and what to type next; `--json` on every reading command; never an escape code of ours when
// NO_COLOR is set or nobody looks.
// It refuses: names and flags it does not know, with the nearest it does.

import { defineCommand } from 'citty'
import { repeated } from './arguments.ts'
import { channelCommands } from './channel-commands.ts'
import { lockCommands } from './lock-commands.ts'
import { runTyped } from './run.ts'

const json = { type: 'boolean', default: false, description: 'print JSON for programs' } as const

const filters = {
  since: {
    type: 'string',
    valueHint: 'WHEN',
    description: 'after an event (evt_12), a time (ISO 8601), or a span ago (10m)',
  },
  type: { type: 'string', valueHint: 'TYPE', description: 'only this type' },
  session: { type: 'string', valueHint: 'ID', description: 'only this session' },
  channel: {
    type: 'string',
    valueHint: 'PATTERN',
    description: 'only these channels: a name or prefix* (repeatable)',
  },
  all: { type: 'boolean', default: false, description: "with the daemon's own affairs" },
  json,
} as const

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
})

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
      run: async ({ args }) => (await import('./commands/hooks.ts')).install(args),
    }),
    uninstall: defineCommand({
      meta: {
        description: 'Take it out again; the settings are as they were',
        examples: ['paid hooks uninstall'],
      },
      args: { ...settings, print },
      run: async ({ args }) => (await import('./commands/hooks.ts')).uninstall(args),
    }),
    status: defineCommand({
      meta: {
        description: 'For which events it is installed, and when the last one came',
        examples: ['paid hooks status', 'paid hooks status --json'],
      },
      args: settings,
      run: async ({ args }) => (await import('./commands/hooks.ts')).status(args),
    }),
  },
})

export const tree = defineCommand({
  meta: {
    name: 'paid',
    description:
      'paid, the Personal AI Daemon: hears every Claude Code session on this machine and keeps what it heard.',
    examples: ['paid start', 'paid tail', 'paid hooks install'],
  },
  subCommands: {
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
        (await import('./commands/start.ts')).default({
          foreground: args.foreground,
          ...listeningIn(args, rawArgs),
        }),
    }),
    stop: defineCommand({
      meta: { description: 'Stop the daemon; fine if none runs', examples: ['paid stop'] },
      run: async () => (await import('./commands/stop.ts')).default(),
    }),
    restart: defineCommand({
      meta: {
        description: 'Stop the daemon and start it with the flags it had',
        examples: ['paid restart', 'paid restart --listen 127.0.0.1:9000'],
      },
      args: listening,
      run: async ({ args, rawArgs }) =>
        (await import('./commands/restart.ts')).default(listeningIn(args, rawArgs)),
    }),
    status: defineCommand({
      meta: {
        description: 'What runs, since when, where, and how much it keeps',
        examples: ['paid status', 'paid status --json'],
      },
      args: { json },
      run: async ({ args }) => (await import('./commands/status.ts')).default(args),
    }),
    tail: defineCommand({
      meta: {
        description: 'Follow events as they come, one line each, for ever',
        about:
          'It waits when the daemon restarts and goes on where it was. On a terminal the last 10 events come first.',
        examples: [
          'paid tail',
          'paid tail --session 4fa77bb5-9e7a-4bdd-95dd-47d4bba3893f --since 1h',
          'paid tail --type PreToolUse --json | jq .data.tool_name',
        ],
      },
      args: filters,
      run: async ({ args, rawArgs }) =>
        (await import('./commands/tail.ts')).default({ ...args, channel: repeated(rawArgs, 'channel') }),
    }),
    events: defineCommand({
      meta: {
        description: 'Print events that were kept, oldest first',
        examples: [
          'paid events',
          'paid events --type Stop --limit 10',
          "paid events --channel 'build*' --since 2h --json",
        ],
      },
      args: {
        ...filters,
        limit: { type: 'string', alias: 'n', valueHint: 'N', description: 'how many at most (100)' },
      },
      run: async ({ args, rawArgs }) =>
        (await import('./commands/events.ts')).default({ ...args, channel: repeated(rawArgs, 'channel') }),
    }),
    emit: defineCommand({
      meta: {
        description: 'Post an event',
        examples: [
          'paid emit build.finished',
          `paid emit deploy '{"to":"staging"}' --key deploy-42`,
          'git log -1 --format=\'{"commit":"%H"}\' | paid emit commit -',
        ],
      },
      args: {
        type: { type: 'positional', required: true, description: 'what happened, like build.finished' },
        json: { type: 'positional', required: false, description: 'its data; - reads it from stdin' },
        session: { type: 'string', valueHint: 'ID', description: 'the session it belongs to' },
        channel: { type: 'string', valueHint: 'NAME', description: 'where to post it (events)' },
        key: {
          type: 'string',
          valueHint: 'KEY',
          description: 'once-only: posted again with it, nothing is added',
        },
      },
      run: async ({ args }) => (await import('./commands/emit.ts')).default(args),
    }),
    ...channelCommands,
    ...lockCommands,
    hooks,
    hook: defineCommand({
      meta: {
        description: 'Hand the event on stdin to the daemon; Claude Code runs it',
        about:
          'Whatever is wrong, it says nothing and exits 0; an event that was not answered waits in the spool.',
        examples: [`echo '{"hook_event_name":"Stop","session_id":"test"}' | paid hook`],
      },
      run: async () => (await import('./commands/hook.ts')).runHook(),
    }),
    call: defineCommand({
      meta: {
        description: 'Call a method of the daemon and print what it answers',
        examples: ['paid call system.methods', `paid call event.list '{"limit":1}'`],
      },
      args: {
        method: { type: 'positional', required: true, description: '`paid call system.methods` lists them' },
        json: {
          type: 'positional',
          required: false,
          description: 'its parameters; - reads them from stdin',
        },
      },
      run: async ({ args }) => (await import('./commands/call.ts')).default(args),
    }),
    logs: defineCommand({
      meta: {
        description: "Print the end of the daemon's own log",
        examples: ['paid logs', 'paid logs -f -n 200'],
      },
      args: {
        follow: { type: 'boolean', default: false, alias: 'f', description: 'go on as it grows' },
        lines: { type: 'string', alias: 'n', valueHint: 'N', description: 'how many lines (50)' },
      },
      run: async ({ args }) => (await import('./commands/logs.ts')).default(args),
    }),
    paths: defineCommand({
      meta: { description: 'Where files live', examples: ['paid paths', 'paid paths --json'] },
      args: { json },
      run: async ({ args }) => (await import('./commands/paths.ts')).default(args),
    }),
    doctor: defineCommand({
      meta: {
        description: 'Look for what is wrong, and say what to do about it',
        about: 'It changes nothing. It exits 0 when nothing failed; a warning is no failure.',
        examples: ['paid doctor', 'paid doctor --json'],
      },
      args: { json },
      run: async ({ args }) => (await import('./commands/doctor.ts')).default(args),
    }),
  },
})

/** Runs what was typed, resolves with the exit code. */
export const run = (typed: readonly string[]): Promise<number> => runTyped(tree, typed)
