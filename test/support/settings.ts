// Claude Code's settings files for tests: as people have them, in temporary homes.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { hookEvents } from '../../src/cli/hooks/events.ts'

const homes: string[] = []
/** For `afterEach`. */
export const removeSettings = (): void => {
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true })
}

export const ours = { command: '/opt/paid/bin/paid', args: ['hook'] }
/** What is installed for an event. */
export const entryOf = (event: string) => {
  const { flags = [], ...options } = hookEvents[event] ?? {}
  return { type: 'command', ...ours, args: [...ours.args, ...flags], ...options }
}
export const events = Object.keys(hookEvents)

/** A settings file with this text, or none. */
export const settings = (text?: string) => {
  const home = mkdtempSync(join(tmpdir(), 'paid-hooks-'))
  homes.push(home)
  const path = join(home, '.claude', 'settings.json')
  if (text !== undefined) {
    mkdirSync(dirname(path))
    writeFileSync(path, text)
  }
  return { home, path, where: { ...ours, settingsPath: path }, read: () => readFileSync(path, 'utf8') }
}

type Group = { matcher?: string; hooks: Record<string, unknown>[] }
export const hooksIn = (text: string): Record<string, Group[]> => JSON.parse(text).hooks

export const lived = `{
    "permissions": { "allow": ["Bash(git *)"], "deny": [] },
    "big": 9007199254740993, "half": 1.50,
    "hooks": {
        "PostToolUse": [
            { "matcher": "Edit|Write", "hooks": [{"type": "command", "command": "prettier --write"}] }
        ],
        "Stop": [],
        "WorktreeCreate": [{"hooks": [{"type": "command", "command": "mk-worktree"}]}]
    },

    "model": "opus", "model": "sonnet"
}

`
