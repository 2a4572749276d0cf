// The text of a Claude Code settings file with our hooks in it, and without. Pure: text in, text out.
// It promises: everything that is not ours keeps its bytes; putting in twice changes nothing; taking out gives back
// the text there was before. It refuses (PaidError): what does not parse, and hooks it does not understand.

import { basename } from 'node:path'
import { PaidError } from '../../protocol/error.ts'
import { isFields } from '../../lib/fields.ts'
import { type HookWish, rewakeWish, wishesFor, wishKey } from './events.ts'
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
  /** whether there are guards, which are to be asked */
  guards?: boolean
  /** whether what wakes idle sessions is asked for; where it is, it stays */
  rewake?: boolean
}

/** An entry of ours and the containers around it, innermost first. `key`: which of ours it is. */
type Found = {
  event: string
  key: string
  entry: Span
  command: string
  around: { container: Span; child: Child }[]
}

const keyOf = ({ event, matcher, options: { flags } }: HookWish): string => wishKey(event, matcher, flags)

const wishedBy = ({ guards = false }: HookCommand) =>
  new Map([...wishesFor(guards), rewakeWish].map((wish) => [keyOf(wish), wish]))

/** What is put in where it is not. */
const neededBy = ({ guards = false, rewake = false }: HookCommand): HookWish[] => [
  ...wishesFor(guards),
  ...(rewake ? [rewakeWish] : []),
]

/** `before` undefined: there is no file yet. */
export const withHooks = (before: string | undefined, ours: HookCommand): string => {
  const needed = neededBy(ours)
  if (before === undefined) return `${JSON.stringify({ hooks: groupsOf(needed, ours) }, null, 2)}\n`
  checkShape(before)
  let text = before
  for (let next = corrected(text, ours); next !== undefined; next = corrected(text, ours)) text = next
  const there = new Set(findOurs(text, ours).map(({ key }) => key))
  const missing = needed.filter((wish) => !there.has(keyOf(wish)))
  if (missing.length > 0 && !memberOf(text, rootOf(text), 'hooks'))
    return append(text, rootOf(text), groupsOf(missing, ours), 'hooks')
  for (const wish of missing) text = addGroup(text, wish, ours)
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
export type Installed = { event: string; command: string; current: boolean }

/** The events that run us, with what each runs; whether guards that there are get asked, and idle sessions are woken. */
export const installedIn = (
  text: string,
  ours: HookCommand,
): { hooks: Installed[]; asksGuards: boolean; rewake: boolean } => {
  checkShape(text)
  const wished = wishedBy(ours)
  const found = findOurs(text, ours)
  const keys = new Set(found.map(({ key }) => key))
  return {
    hooks: found.map(({ event, key, command, entry }) => ({
      event,
      command,
      current: isCurrent(text, entry, wished.get(key), ours),
    })),
    rewake: keys.has(keyOf(rewakeWish)),
    asksGuards: [...wished].every(([key, { matcher }]) => matcher === undefined || keys.has(key)),
  }
}

const entryOf = ({ options: { flags = [], ...options } }: HookWish, { command, args }: HookCommand) => ({
  type: 'command',
  command,
  args: [...args, ...flags],
  ...options,
})

const groupOf = (wish: HookWish, ours: HookCommand) => ({
  ...(wish.matcher !== undefined && { matcher: wish.matcher }),
  hooks: [entryOf(wish, ours)],
})

const groupsOf = (wishes: readonly HookWish[], ours: HookCommand) => {
  const groups: Record<string, object[]> = {}
  for (const wish of wishes) (groups[wish.event] ??= []).push(groupOf(wish, ours))
  return groups
}

const addGroup = (text: string, wish: HookWish, ours: HookCommand): string => {
  const hooks = memberOf(text, rootOf(text), 'hooks')
  if (!hooks) throw new Error('settings without hooks')
  const groups = memberOf(text, hooks, wish.event)
  return groups
    ? append(text, groups, groupOf(wish, ours))
    : append(text, hooks, [groupOf(wish, ours)], wish.event)
}

/** The text with one entry of an older install put right, or undefined when all are as they should be. */
const corrected = (text: string, ours: HookCommand): string | undefined => {
  const wished = wishedBy(ours)
  const seen = new Set<string>()
  for (const found of findOurs(text, ours)) {
    const wish = wished.get(found.key)
    if (!wish || seen.has(found.key)) return removed(text, found) ?? '{}'
    seen.add(found.key)
    const wanted = wantedAt(text, found.entry, wish, ours)
    if (!Bun.deepEquals(objectAt(text, found.entry), wanted)) return replace(text, found.entry, wanted)
  }
  return undefined
}

/** An entry of ours as it should be, with what the user has added to it. */
const wantedAt = (text: string, entry: Span, wish: HookWish, ours: HookCommand): Record<string, unknown> => {
  const { async: _async, asyncRewake: _asyncRewake, timeout: _timeout, ...kept } = objectAt(text, entry)
  return { ...kept, ...entryOf(wish, ours) }
}

/** Wherever the program is: an event that is asked for, in the way it is asked for now. */
const isCurrent = (text: string, entry: Span, wish: HookWish | undefined, { args }: HookCommand): boolean => {
  const there = objectAt(text, entry)
  const { command } = there
  if (typeof command !== 'string' || !wish) return false
  return Bun.deepEquals(there, wantedAt(text, entry, wish, { command, args }))
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
      const { matcher } = objectAt(text, group.value)
      for (const entry of childrenOf(text, entries)) {
        const object = objectAt(text, entry.value)
        const command = commandOf(object, ours)
        if (command === undefined) continue
        const key = wishKey(event.key ?? '', matcher, object['args'])
        const around = [
          { container: entries, child: entry },
          { container: event.value, child: group },
          { container: hooks.value, child: event },
          { container: root, child: hooks },
        ]
        found.push({ event: event.key ?? '', key, entry: entry.value, command, around })
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

const hookFlags: ReadonlySet<unknown> = new Set(
  [...wishesFor(true), rewakeWish].flatMap(({ options: { flags = [] } }) => flags),
)

const objectAt = (text: string, span: Span): Record<string, unknown> => {
  const value = parseSpan(text, span)
  return isFields(value) ? value : {}
}

const checkShape = (text: string): void => {
  let settings: unknown
  try {
    settings = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw odd(`is not valid JSON (${error instanceof Error ? error.message : 'it does not parse'})`)
  }
  if (!isFields(settings)) throw odd('is not a JSON object')
  const members = childrenOf(text, rootOf(text)).filter(({ key }) => key === 'hooks')
  if (members.length > 1) throw odd('has "hooks" twice')
  const { hooks } = settings
  if (hooks === undefined) return
  if (!isFields(hooks)) throw odd('has "hooks" that is not an object')
  const events = members.flatMap((member) => childrenOf(text, member.value))
  if (events.length > Object.keys(hooks).length) throw odd('has "hooks" that name an event twice')
  for (const [event, groups] of Object.entries(hooks)) {
    if (!Array.isArray(groups)) throw odd(`has "hooks" whose ${JSON.stringify(event)} is not an array`)
    for (const group of groups)
      if (!isFields(group) || !Array.isArray(group['hooks']) || !group['hooks'].every(isFields))
        throw odd(`has "hooks" whose ${JSON.stringify(event)} is not a list of {"hooks": [{…}]}`)
  }
}

const odd = (what: string): PaidError =>
  new PaidError('forbidden', `The settings file ${what}`, 'Put it right first; nothing was changed.')
