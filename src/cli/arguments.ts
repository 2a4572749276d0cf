// Reads what was typed after a command's name: `--flag value`, `--flag=value`, `-n 5`, `-n5`, `-fj`, arguments, and
// `--` after which everything is an argument. Whatever the command does not declare is refused, with the nearest it has.

import type { Command, Flag } from './command.ts'
import { nearest } from './nearest.ts'
import { WrongUsage } from './wrong-usage.ts'

export type Typed = { args: string[]; flags: Record<string, boolean | string | string[] | undefined> }

/** Throws `WrongUsage`. `name` is what the command was called by, for its messages. */
export const readArguments = (typed: readonly string[], command: Command, name: string): Typed => {
  const args: string[] = []
  const flags: Typed['flags'] = {}
  for (const [long, { kind }] of Object.entries(command.flags))
    flags[long] = kind === 'switch' ? false : kind === 'values' ? [] : undefined

  const rest = [...typed]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      args.push(...rest)
      break
    }
    if (word === '-' || !word.startsWith('-')) {
      args.push(word)
      continue
    }
    const { long, flag, value, cluster } = flagOf(word, command, name)
    if (flag.kind === 'switch') {
      if (value !== undefined) throw new WrongUsage(`--${long} takes no value`, seeHelp(name))
      flags[long] = true
      if (cluster !== undefined) rest.unshift(`-${cluster}`)
      continue
    }
    const given = value ?? cluster ?? rest.shift()
    if (given === undefined) throw new WrongUsage(`--${long} needs a value`, seeHelp(name))
    const before = flags[long]
    flags[long] = Array.isArray(before) ? [...before, given] : given
  }

  const needed = command.args.filter(({ optional }) => !optional)
  const missing = needed[args.length]
  if (missing) throw new WrongUsage(`${name} needs ${missing.name}: ${missing.about}`, seeHelp(name))
  const surplus = args[command.args.length]
  if (surplus !== undefined)
    throw new WrongUsage(`${name} does not know what to do with "${surplus}"`, seeHelp(name))
  return { args, flags }
}

type Found = { long: string; flag: Flag; value: string | undefined; cluster: string | undefined }

const flagOf = (word: string, command: Command, name: string): Found => {
  const declared = Object.entries(command.flags)
  if (word.startsWith('--')) {
    const equals = word.indexOf('=')
    const long = word.slice(2, equals < 0 ? undefined : equals)
    const flag = Object.hasOwn(command.flags, long) ? command.flags[long] : undefined
    if (flag)
      return { long, flag, value: equals < 0 ? undefined : word.slice(equals + 1), cluster: undefined }
    const guess = nearest(long, Object.keys(command.flags))
    throw new WrongUsage(`${name} has no flag --${long}`, guess ? `Did you mean --${guess}?` : seeHelp(name))
  }
  const letter = word[1]
  const [long, flag] = declared.find(([, { short }]) => short === letter) ?? []
  if (long === undefined || flag === undefined)
    throw new WrongUsage(`${name} has no flag -${letter}`, seeHelp(name))
  const after = word.slice(2)
  return after.startsWith('=')
    ? { long, flag, value: after.slice(1), cluster: undefined }
    : { long, flag, value: undefined, cluster: after === '' ? undefined : after }
}

const seeHelp = (name: string) => `See \`paid ${name} --help\`.`
