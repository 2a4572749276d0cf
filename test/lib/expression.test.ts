// Questions to an event: what holds, what does not, and what is refused, with its place.

import { describe, expect, test } from 'bun:test'
import { array, assert, constantFrom, jsonValue, property } from 'fast-check'
import { compileExpression, SyntaxFault } from '../../src/lib/expression.ts'

const event = {
  type: 'PostToolUse',
  channel: 'session:4fa7',
  data: {
    tool_name: 'Bash',
    duration_ms: 1500,
    ok: false,
    none: null,
    prompt: 'Please deploy "blue"',
    tags: ['a', 'b'],
    'odd.key': { list: [{ x: 7 }] },
  },
}
const holds = (text: string) => compileExpression(text, ['type', 'channel', 'data', 'origin'])(event)

test.each([
  'data.tool_name == "Bash" && data.duration_ms > 1000',
  "data.tool_name == 'Bash'",
  'type == "Stop" || data.duration_ms >= 1500',
  'data.duration_ms <= 1500 && data.duration_ms != 1501 && data.duration_ms < 1.6e3',
  '!(type == "Stop") && !data.ok && !!data.tool_name',
  'data.nothing == null && data.nothing.deeper == null && origin.x == null && data.none == null',
  'data.tool_name in ["Bash", "Edit"]',
  '"a" in data.tags && data.tags contains "b"',
  'data.prompt contains "deploy \\"blue\\""',
  `data.prompt contains '"blue"'`,
  'channel startsWith "session:" && channel endsWith "fa7"',
  'data["odd.key"].list[0].x == 7',
  'data["odd.key"]["list"][0]["x"] > -1',
  'type > "Post" && type < "Q"',
  'data.tags.length == 2 && data.tool_name.length == 4 && data.tool_name.length.length == null',
  'true && !false && !null',
  ' data\n.ok\t== false ',
])('holds: %s', (text) => {
  expect(holds(text)).toBe(true)
})

test.each([
  'data.tool_name == "bash"',
  'data.duration_ms == "1500"',
  'data.duration_ms > "1000"',
  'data.nothing > 1 || data.nothing < 1 || data.nothing == 0',
  'data.tags == ["a", "b"]',
  'data.ok || data.none || data.nothing',
  'data.constructor || data.__proto__ || data.toString || data.prompt.at',
  'type == "Stop" && data.x.y.z == 1',
  'false',
])('does not hold: %s', (text) => {
  expect(holds(text)).toBe(false)
})

describe('what is not of the language is refused with its place', () => {
  test.each([
    ['', 'there is nothing in it at its end'],
    ['data.x ==', 'a value is missing at its end'],
    ['data.x = 1', 'a single = compares nothing: write == at character 8'],
    ['data.x == 1 data.y', 'it should end here, or go on with && or || at character 13'],
    [
      'dta.x == 1',
      'there is no dta here, but type, channel, data, origin; a text stands in quotes at character 1',
    ],
    [
      'type == Stop',
      'there is no Stop here, but type, channel, data, origin; a text stands in quotes at character 9',
    ],
    ['(type == "a"', 'a ) is missing here at its end'],
    ['data[', 'brackets hold a key in quotes, or a number at its end'],
    ['data.', 'a key is missing behind the dot at its end'],
    ['type in [type]', 'a list holds plain values at character 10'],
    ['type == "a', 'a text has no end: it begins at character 9'],
    ['type == "\\q"', 'the text has an escape that JSON does not know at character 9'],
    ['type ; 1', 'something unknown stands at character 6'],
    ['type & 1', 'something unknown stands at character 6'],
    [`${'('.repeat(60)}1`, 'it is nested more than 50 deep at character 52'],
    [`${'!'.repeat(60)}1`, 'it is nested more than 50 deep at character 52'],
  ])('%s', (text, message) => {
    expect(() => holds(text)).toThrow(message)
  })
})

test('whatever the text, it is a question or a fault, and whatever the object, the question is answered', () => {
  const words = `data type . x [ ] "x" 0 1 == != < && || ! ( ) in contains startsWith , null true = ' \\ - \u{1F600}`
  const pieces = constantFrom(...words.split(' '))
  assert(
    property(array(pieces, { maxLength: 12 }), jsonValue(), (typed, data) => {
      try {
        const question = compileExpression(typed.join(' '), ['data', 'type'])
        expect(question({ data, type: 't' })).toBeBoolean()
      } catch (error) {
        if (!(error instanceof SyntaxFault)) throw error
      }
    }),
    { numRuns: 2000 },
  )
})
