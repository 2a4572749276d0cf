// Any settings, laid out in any way: our hooks put in and taken out again.

import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { hookEvents } from '../../src/cli/hooks/events.ts'
import { withHooks, withoutHooks } from '../../src/cli/hooks/settings-text.ts'
import { entryOf } from '../support/settings.ts'

const ours = { command: '/opt/paid/bin/paid', args: ['hook'] }
const events = Object.keys(hookEvents)

const blank = fc
  .array(fc.constantFrom(' ', '\n', '\t', '\r\n', '\r'), { maxLength: 3 })
  .map((some) => some.join(''))
const other = fc.record({ type: fc.constant('command'), command: fc.string() })
const group = fc.record(
  { matcher: fc.string(), hooks: fc.array(other, { maxLength: 2 }) },
  { requiredKeys: ['hooks'] },
)
const eventName = fc.oneof(fc.constantFrom(...events, 'WorktreeCreate'), fc.string())
const hooks = fc.dictionary(eventName, fc.array(group, { maxLength: 2 }), { maxKeys: 4 })
const root = fc.tuple(
  fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 }),
  fc.option(hooks, { nil: undefined }),
  fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 2 }),
)

/** The value with blanks from the list, taken in turn, wherever JSON allows one. */
const laidOut = (value: unknown, blanks: string[]): string => {
  let turn = 0
  const gap = () => blanks[turn++ % blanks.length] ?? ''
  const write = (part: unknown): string => {
    if (Array.isArray(part)) return `[${gap()}${part.map((item) => write(item) + gap()).join(`,${gap()}`)}]`
    if (typeof part !== 'object' || part === null) return JSON.stringify(part)
    const members = Object.entries(part).map(
      ([key, item]) => `${JSON.stringify(key)}${gap()}:${gap()}${write(item)}${gap()}`,
    )
    return `{${gap()}${members.join(`,${gap()}`)}}`
  }
  return gap() + write(value) + gap()
}
const text = fc
  .tuple(
    root.map(([before, mine, after]) => {
      const { hooks: _before, ...first } = before
      const { hooks: _after, ...last } = after
      return mine === undefined ? { ...first, ...last } : { ...first, hooks: mine, ...last }
    }),
    fc.oneof(
      fc.constantFrom('pretty2', 'pretty4', 'tabs', 'minified'),
      fc.array(blank, { minLength: 1, maxLength: 7 }),
    ),
  )
  .map(([value, layout]) => {
    if (Array.isArray(layout)) return laidOut(value, layout)
    const indent = { pretty2: 2, pretty4: 4, tabs: '\t', minified: 0 }[layout]
    return JSON.stringify(value, null, indent) + (layout === 'minified' ? '' : '\n')
  })

test('putting in and taking out gives back the same bytes, and twice is once', () => {
  fc.assert(
    fc.property(text, (before) => {
      const installed = withHooks(before, ours)
      expect(withHooks(installed, ours)).toBe(installed)
      expect(withoutHooks(installed, ours)).toBe(before)
      const moved = withHooks(installed, { ...ours, command: '/elsewhere/paid' })
      expect(withoutHooks(moved, { ...ours, command: '/elsewhere/paid' })).toBe(before)
    }),
    { numRuns: 150 },
  )
})

test('what is put in is what JSON.parse sees, and nothing else changes', () => {
  fc.assert(
    fc.property(text, (before) => {
      const was = JSON.parse(before)
      const is = JSON.parse(withHooks(before, ours))
      expect(Object.keys(is)).toEqual(
        was.hooks === undefined ? [...Object.keys(was), 'hooks'] : Object.keys(was),
      )
      for (const [key, value] of Object.entries(was)) if (key !== 'hooks') expect(is[key]).toEqual(value)
      for (const event of new Set([...events, ...Object.keys(was.hooks ?? {})])) {
        const others = was.hooks && Object.hasOwn(was.hooks, event) ? was.hooks[event] : []
        const mine = Object.hasOwn(hookEvents, event) ? [{ hooks: [entryOf(event)] }] : []
        expect(is.hooks[event]).toEqual([...others, ...mine])
      }
    }),
    { numRuns: 150 },
  )
})
