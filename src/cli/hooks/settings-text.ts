// The text of a Claude Code settings file with our hooks in it, and without. Pure: text in, text out.
// It promises: everything that is not ours keeps its bytes; putting in twice changes nothing; taking out gives back
// the text there was before. It refuses (PaidError): what does not parse, and hooks it does not understand.

import { basename } from 'node:path'
import { PaidError } from '../../protocol/error.ts'
import { hookEvents, rewakeEvent, rewakeFlag, rewakeOptions } from './events.ts'
import {
  append,
  type Child,
  childrenOf,
  memberOf,
  parseSpan,
  replace,
  rootOf,
  type Span,
  without,
} from './json-text.ts'

/** What Claude Code runs: a program and its arguments, without a shell. */
export type HookCommand = {
  command: string
  args: readonly string[]
  /** with the hook that wakes idle sessions */
  rewake?: boolean
}

/** An entry of ours and the containers around it, innermost first. */
type Found = {
  event: string
  rewake: boolean
  entry: Span
  command: string
  around: { container: Span; child: Child }[]
}

/** `before` undefined: there is no file yet. */
export const withHooks = (before: string | undefined, ours: HookCommand): string => {
  const all = Object.keys(hookEvents)
  if (before === undefined) return `${JSON.stringify({ hooks: groupsOf(all, ours) }, null, 2)}\n`
  checkShape(before)
  let text = before
  for (let next = corrected(text, ours); next !== undefined; next = corrected(text, ours)) text = next
  const found = findOurs(text, ours)
  const there = new Set(found.filter(({ rewake }) => !rewake).map(({ event }) => event))
  const missing = all.filter((event) => !there.has(event))
  if (missing.length > 0 && !memberOf(text, rootOf(text), 'hooks'))
    return append(text, rootOf(text), groupsOf(missing, ours), 'hooks')
  for (const event of missing) text = addGroup(text, event, groupOf(event, ours))
  if (ours.rewake && !found.some(({ rewake }) => rewake))
    text = addGroup(text, rewakeEvent, groupOf(rewakeEvent, ours, true))
  return text
}

/** Undefined when nothing but ours was ever in it: then we made the file. */
export const withoutHooks = (before: string, ours: HookCommand): string | undefined => {
  checkShape(before)
  let text: string | undefined = before
  while (text !== undefined) {
    const [found] = findOurs(text, ours)
    if (!found) return text
    text = removed(text, found)
  }
  return undefined
}

/** `current`: as it would be installed now */
export type Installed = { event: string; rewake: boolean; command: string; current: boolean }

/** The events that run us, with what each runs. */
export const installedIn = (text: string, ours: HookCommand): Installed[] => {
  checkShape(text)
  return findOurs(text, ours).map((found) => {
    const { event, rewake, command } = found
    return { event, rewake, command, current: isCurrent(text, found, ours) }
  })
}

const entryOf = (event: string, { command, args }: HookCommand, rewake: boolean) => {
  const { flags = [], ...options } = (rewake ? rewakeOptions : hookEvents[event]) ?? {}
  return { type: 'command', command, args: [...args, ...flags], ...options }
}

const groupOf = (event: string, ours: HookCommand, rewake = false) => ({
  hooks: [entryOf(event, ours, rewake)],
})

type Group = ReturnType<typeof groupOf>

const groupsOf = (events: string[], ours: HookCommand): Record<string, Group[]> =>
  Object.fromEntries(
    events.map((event) => [
      event,
      [groupOf(event, ours), ...(ours.rewake && event === rewakeEvent ? [groupOf(event, ours, true)] : [])],
    ]),
  )

const addGroup = (text: string, event: string, group: Group): string => {
  const hooks = memberOf(text, rootOf(text), 'hooks')
  if (!hooks) throw new Error('settings without hooks')
  const groups = memberOf(text, hooks, event)
  return groups ? append(text, groups, group) : append(text, hooks, [group], event)
}

/** The text with one entry of an older install put right, or undefined when all are as they should be. */
const corrected = (text: string, ours: HookCommand): string | undefined => {
  const seen = new Set<string>()
  for (const found of findOurs(text, ours)) {
    const { event, rewake } = found
    const name = `${event} ${rewake}`
    if (seen.has(name) || !isWanted(found)) return removed(text, found) ?? '{}'
    seen.add(name)
    const wanted = wantedAt(text, found, ours)
    if (!Bun.deepEquals(objectAt(text, found.entry), wanted)) return replace(text, found.entry, wanted)
  }
  return undefined
}

const isWanted = ({ event, rewake }: Found): boolean =>
  rewake ? event === rewakeEvent : Object.hasOwn(hookEvents, event)

/** An entry of ours as it should be, with what the user has added to it. */
const wantedAt = (
  text: string,
  { entry, event, rewake }: Found,
  ours: HookCommand,
): Record<string, unknown> => {
  const { async: _async, asyncRewake: _asyncRewake, timeout: _timeout, ...kept } = objectAt(text, entry)
  return { ...kept, ...entryOf(event, ours, rewake) }
}

/** Wherever the program is: an event that is asked for, in the way it is asked for now. */
const isCurrent = (text: string, found: Found, { args }: HookCommand): boolean => {
  const { command } = found
  return (
    isWanted(found) && Bun.deepEquals(objectAt(text, found.entry), wantedAt(text, found, { command, args }))
  )
}

/** Takes out the entry, and each container that only we have filled. */
const removed = (text: string, { around }: Found): string | undefined => {
  for (const { container, child } of around) {
    const rest = without(text, container, child)
    if (rest !== undefined) return rest
  }
  return undefined
}

const findOurs = (text: string, ours: HookCommand): Found[] => {
  const root = rootOf(text)
  const hooks = childrenOf(text, root).findLast(({ key }) => key === 'hooks')
  if (!hooks) return []
  const found: Found[] = []
  for (const event of childrenOf(text, hooks.value))
    for (const group of childrenOf(text, event.value)) {
      const entries = memberOf(text, group.value, 'hooks')
      if (!entries) continue
      for (const entry of childrenOf(text, entries)) {
        const object = objectAt(text, entry.value)
        const command = commandOf(object, ours)
        if (command === undefined) continue
        const { args } = object
        const rewake = Array.isArray(args) && args.includes(rewakeFlag)
        const around = [
          { container: entries, child: entry },
          { container: event.value, child: group },
          { container: hooks.value, child: event },
          { container: root, child: hooks },
        ]
        found.push({ event: event.key ?? '', rewake, entry: entry.value, command, around })
      }
    }
  return found
}

/** Ours is what we install, and what an earlier `paid` at another place installed. */
const commandOf = (entry: Record<string, unknown>, ours: HookCommand): string | undefined => {
  const { type, command, args } = entry
  if (type !== 'command' || typeof command !== 'string') return undefined
  if (!Array.isArray(args)) return undefined
  const words = args.filter((word) => !hookFlags.has(word))
  if (command === ours.command && Bun.deepEquals(words, ours.args)) return command
  return basename(command) === 'paid' && Bun.deepEquals(words, ['hook']) ? command : undefined
}

const hookFlags: ReadonlySet<unknown> = new Set([
  rewakeFlag,
  ...Object.values(hookEvents).flatMap(({ flags = [] }) => flags),
])

const objectAt = (text: string, span: Span): Record<string, unknown> => {
  const value = parseSpan(text, span)
  return isObject(value) ? value : {}
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const checkShape = (text: string): void => {
  let settings: unknown
  try {
    settings = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw odd(`is not valid JSON (${error instanceof Error ? error.message : 'it does not parse'})`)
  }
  if (!isObject(settings)) throw odd('is not a JSON object')
  const members = childrenOf(text, rootOf(text)).filter(({ key }) => key === 'hooks')
  if (members.length > 1) throw odd('has "hooks" twice')
  const { hooks } = settings
  if (hooks === undefined) return
  if (!isObject(hooks)) throw odd('has "hooks" that is not an object')
  const events = members.flatMap((member) => childrenOf(text, member.value))
  if (events.length > Object.keys(hooks).length) throw odd('has "hooks" that name an event twice')
  for (const [event, groups] of Object.entries(hooks)) {
    if (!Array.isArray(groups)) throw odd(`has "hooks" whose ${JSON.stringify(event)} is not an array`)
    for (const group of groups)
      if (!isObject(group) || !Array.isArray(group['hooks']) || !group['hooks'].every(isObject))
        throw odd(`has "hooks" whose ${JSON.stringify(event)} is not a list of {"hooks": [{…}]}`)
  }
}

const odd = (what: string): PaidError =>
  new PaidError('forbidden', `The settings file ${what}`, 'Put it right first; nothing was changed.')
