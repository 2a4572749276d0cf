// THE FRONT DESK: every command by name, with its arguments, flags and help at once, its code only when it runs.
// It promises: exit code 0 done, 1 failed, 2 wrong usage, 3 not running; results on stdout, talk on stderr, errors as
// `paid: what happened` and what to type next; `--json` on every reading command; never an escape code of ours when
// NO_COLOR is set or nobody looks.
// It refuses: names and flags it does not know, with the nearest it does.

import { PaidError } from '../protocol/error.ts'
import { readArguments } from './arguments.ts'
import { type Command, command, group } from './command.ts'
import { helpOf } from './help.ts'
import { nearest } from './nearest.ts'
import { say, tell } from './output.ts'
import { visibleLines } from './visible.ts'
import { WrongUsage } from './wrong-usage.ts'

const json = { kind: 'switch', about: 'print JSON for programs' } as const

const filters = {
  since: {
    kind: 'value',
    value: 'WHEN',
    about: 'after an event (evt_12), a time (ISO 8601), or a span ago (10m)',
  },
  type: { kind: 'value', value: 'TYPE', about: 'only this type' },
  session: { kind: 'value', value: 'ID', about: 'only this session' },
  channel: { kind: 'values', value: 'PATTERN', about: 'only these channels: a name or prefix*' },
  all: { kind: 'switch', about: "with the daemon's own affairs" },
  json,
} as const

const settings = {
  project: { kind: 'switch', about: "this folder's .claude/settings.json instead of the user's" },
  json,
} as const
const print = { kind: 'switch', about: 'show what the file would be, change nothing' } as const

const listening = {
  listen: { kind: 'values', value: 'HOST:PORT', about: 'where to listen; port 0 picks a free one' },
  auth: { kind: 'value', value: 'token|none', about: 'what TCP clients must show; none on loopback only' },
} as const

export const tree: Command = group(
  'paid, the Personal AI Daemon: hears every Claude Code session on this machine and keeps what it heard.',
  {
    start: command({
      summary: 'Start the daemon in the background; fine if it runs already',
      flags: {
        foreground: { kind: 'switch', about: 'stay in this terminal and log to it' },
        ...listening,
      },
      examples: [
        'paid start',
        'paid start --listen 127.0.0.1:0',
        'paid start --listen 0.0.0.0:8787 --foreground',
      ],
      load: () => import('./commands/start.ts'),
    }),
    stop: command({
      summary: 'Stop the daemon; fine if none runs',
      examples: ['paid stop'],
      load: () => import('./commands/stop.ts'),
    }),
    restart: command({
      summary: 'Stop the daemon and start it with the flags it had',
      flags: listening,
      examples: ['paid restart', 'paid restart --listen 127.0.0.1:9000'],
      load: () => import('./commands/restart.ts'),
    }),
    status: command({
      summary: 'What runs, since when, where, and how much it keeps',
      flags: { json },
      examples: ['paid status', 'paid status --json'],
      load: () => import('./commands/status.ts'),
    }),
    tail: command({
      summary: 'Follow events as they come, one line each, for ever',
      about:
        'It waits when the daemon restarts and goes on where it was. On a terminal the last 10 events come first.',
      flags: filters,
      examples: [
        'paid tail',
        'paid tail --session 4fa77bb5-9e7a-4bdd-95dd-47d4bba3893f --since 1h',
        'paid tail --type PreToolUse --json | jq .data.tool_name',
      ],
      load: () => import('./commands/tail.ts'),
    }),
    events: command({
      summary: 'Print events that were kept, oldest first',
      flags: {
        ...filters,
        limit: { kind: 'value', short: 'n', value: 'N', about: 'how many at most (100)' },
      },
      examples: [
        'paid events',
        'paid events --type Stop --limit 10',
        "paid events --channel 'build*' --since 2h --json",
      ],
      load: () => import('./commands/events.ts'),
    }),
    emit: command({
      summary: 'Post an event',
      args: [
        { name: 'TYPE', about: 'what happened, like build.finished' },
        { name: 'JSON', about: 'its data; - reads it from stdin', optional: true },
      ],
      flags: {
        session: { kind: 'value', value: 'ID', about: 'the session it belongs to' },
        channel: { kind: 'value', value: 'NAME', about: 'where to post it (events)' },
        key: { kind: 'value', value: 'KEY', about: 'once-only: posted again with it, nothing is added' },
      },
      examples: [
        'paid emit build.finished',
        `paid emit deploy '{"to":"staging"}' --key deploy-42`,
        'git log -1 --format=\'{"commit":"%H"}\' | paid emit commit -',
      ],
      load: () => import('./commands/emit.ts'),
    }),
    hooks: group(
      'Have Claude Code tell the daemon what its sessions do',
      {
        install: command({
          summary: "Add `paid hook` for every event to Claude Code's settings; fine if it is there",
          flags: { ...settings, print },
          examples: ['paid hooks install', 'paid hooks install --project', 'paid hooks install --print'],
          load: async () => ({ default: (await import('./commands/hooks.ts')).install }),
        }),
        uninstall: command({
          summary: 'Take it out again; the settings are as they were',
          flags: { ...settings, print },
          examples: ['paid hooks uninstall'],
          load: async () => ({ default: (await import('./commands/hooks.ts')).uninstall }),
        }),
        status: command({
          summary: 'For which events it is installed, and when the last one came',
          flags: settings,
          examples: ['paid hooks status', 'paid hooks status --json'],
          load: async () => ({ default: (await import('./commands/hooks.ts')).status }),
        }),
      },
      ['paid hooks install', 'paid hooks status'],
    ),
    hook: command({
      summary: 'Hand the event on stdin to the daemon; Claude Code runs it',
      about:
        'Whatever is wrong, it says nothing and exits 0; an event that was not answered waits in the spool.',
      examples: [`echo '{"hook_event_name":"Stop","session_id":"test"}' | paid hook`],
      load: async () => ({ default: (await import('./commands/hook.ts')).runHook }),
    }),
    call: command({
      summary: 'Call a method of the daemon and print what it answers',
      args: [
        { name: 'METHOD', about: '`paid call system.methods` lists them' },
        { name: 'JSON', about: 'its parameters; - reads them from stdin', optional: true },
      ],
      examples: ['paid call system.methods', `paid call event.list '{"limit":1}'`],
      load: () => import('./commands/call.ts'),
    }),
    logs: command({
      summary: "Print the end of the daemon's own log",
      flags: {
        follow: { kind: 'switch', short: 'f', about: 'go on as it grows' },
        lines: { kind: 'value', short: 'n', value: 'N', about: 'how many lines (50)' },
      },
      examples: ['paid logs', 'paid logs -f -n 200'],
      load: () => import('./commands/logs.ts'),
    }),
    paths: command({
      summary: 'Where files live',
      flags: { json },
      examples: ['paid paths', 'paid paths --json'],
      load: () => import('./commands/paths.ts'),
    }),
  },
  ['paid start', 'paid tail', 'paid hooks install'],
)

/** Runs what was typed, resolves with the exit code. */
export const run = async (typed: readonly string[]): Promise<number> => {
  try {
    return await dispatch(typed)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    // A message may carry a name that somebody else made up.
    tell(`paid: ${visibleLines(error.message)}`)
    if (error instanceof PaidError) tell(`  ${visibleLines(error.hint)}`)
    return error instanceof PaidError ? error.exit : 1
  }
}

const isHelp = (word: string | undefined) => word === '--help' || word === '-h'

const dispatch = async (typed: readonly string[]): Promise<number> => {
  const words = typed[0] === 'help' ? [...typed.slice(1), '--help'] : typed
  let found = tree
  let depth = 0
  while (found.commands) {
    const word = words[depth]
    if (word === undefined || isHelp(word)) {
      say(helpOf(words.slice(0, depth).join(' '), found))
      return 0
    }
    found = subcommand(found.commands, word, words.slice(0, depth))
    depth++
  }
  const name = words.slice(0, depth).join(' ')
  const rest = words.slice(depth)
  const end = rest.indexOf('--')
  if (rest.slice(0, end < 0 ? undefined : end).some(isHelp)) {
    say(helpOf(name, found))
    return 0
  }
  return (await found.run?.(readArguments(rest, found, name))) ?? 0
}

const subcommand = (commands: Record<string, Command>, word: string, above: readonly string[]): Command => {
  const found = Object.hasOwn(commands, word) ? commands[word] : undefined
  if (found) return found
  const name = ['paid', ...above].join(' ')
  const place = above.length > 0 ? `${above.join(' ')} has` : 'there is'
  if (word.startsWith('-')) throw new WrongUsage(`${place} no flag ${word}`, `See \`${name} --help\`.`)
  const guess = nearest(word, Object.keys(commands))
  throw new WrongUsage(
    `${place} no command "${word}"`,
    guess ? `Did you mean \`${name} ${guess}\`?` : `\`${name} --help\` lists them.`,
  )
}
