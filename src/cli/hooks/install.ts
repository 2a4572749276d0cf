// Putting `paid hook` into a Claude Code settings file, taking it out, and saying how it stands.

import { existsSync } from 'node:fs'
import { PaidError } from '../../protocol/error.ts'
import { hookEvents } from './events.ts'
import { changeSettings, readSettings } from './settings-file.ts'
import { type HookCommand, installedIn, withHooks, withoutHooks } from './settings-text.ts'

export type Where = HookCommand & { settingsPath: string }
/** `after` undefined: there is no file any more, or still none. */
export type Change = { settingsPath: string; changed: boolean; after: string | undefined }

export const installHooks = (where: Where): Change =>
  changed(where, (before) => withHooks(before, where), changeSettings)

export const uninstallHooks = (where: Where): Change =>
  changed(where, (before) => before && withoutHooks(before, where), changeSettings)

/** What the two above would write, without writing it. */
export const previewInstall = (where: Where): Change =>
  changed(where, (before) => withHooks(before, where), previewed)

export const previewUninstall = (where: Where): Change =>
  changed(where, (before) => before && withoutHooks(before, where), previewed)

export type HooksStatus = {
  settingsPath: string
  exists: boolean
  installed: string[]
  missing: string[]
  /** whether idle sessions are woken */
  rewake: boolean
  /** installed by an earlier `paid`, in another way than now */
  outdated: string[]
  /** each program that is run, and whether it is there */
  commands: { command: string; exists: boolean }[]
  /** Claude Code's own switch in this file: `disableAllHooks` */
  disabled: boolean
  /** there are guards, and it does not ask them */
  unguarded: boolean
  /** why the file cannot be understood; nothing else is known then */
  problem?: string
}

export const hooksStatus = (where: Where): HooksStatus => {
  const { settingsPath } = where
  const all = Object.keys(hookEvents)
  const none = {
    settingsPath,
    installed: [],
    missing: all,
    outdated: [],
    rewake: false,
    unguarded: false,
    commands: [],
    disabled: false,
  }
  try {
    const text = readSettings(settingsPath)
    if (text === undefined) return { ...none, exists: false }
    const { hooks: found, asksGuards, rewake } = installedIn(text, where)
    const installed = new Set(found.map(({ event }) => event))
    return {
      settingsPath,
      exists: true,
      installed: [...installed],
      missing: all.filter((event) => !installed.has(event)),
      rewake,
      unguarded: found.length > 0 && !asksGuards,
      outdated: [...new Set(found.filter(({ current }) => !current).map(({ event }) => event))],
      commands: [...new Set(found.map(({ command }) => command))].map((command) => ({
        command,
        exists: existsSync(command),
      })),
      disabled: saysDisabled(text),
    }
  } catch (error) {
    if (error instanceof PaidError) return { ...none, exists: true, problem: error.message }
    throw error
  }
}

const saysDisabled = (text: string): boolean => {
  const settings: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
  return (
    typeof settings === 'object' &&
    settings !== null &&
    'disableAllHooks' in settings &&
    settings.disableAllHooks === true
  )
}

type Edit = (before: string | undefined) => string | undefined

const previewed = (settingsPath: string, edit: Edit) => {
  const before = readSettings(settingsPath)
  return { before, after: edit(before) }
}

const changed = ({ settingsPath }: Where, edit: Edit, carryOut: typeof previewed): Change => {
  try {
    const { before, after } = carryOut(settingsPath, edit)
    return { settingsPath, changed: before !== after, after }
  } catch (error) {
    if (!(error instanceof PaidError)) throw error
    throw new PaidError(
      error.code,
      error.message.replace('The settings file', () => settingsPath),
      error.hint,
    )
  }
}
