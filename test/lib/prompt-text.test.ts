// A prompt as YAML: whatever was said, it is read again as it was, by whoever reads YAML.

import { YAML } from 'bun'
import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { dump, load } from 'js-yaml'
import { promptDocument } from '../../src/lib/prompt-document.ts'
import { promptText } from '../../src/lib/prompt-text.ts'

const documentOf = (content: string) =>
  promptDocument(
    {
      id: '074fdc6bca4e0e45',
      tool: 'cursor',
      startedAt: 0,
      messages: [{ role: 'user', content }],
      files: content.length % 2 === 0 ? [] : ['src/a.ts'],
      metadata: {},
    },
    { id: 'a', version: 'ec57a72c', at: 0 },
  )

const long = 40_000
const lengthen = (text: string): string => text.repeat(Math.ceil(long / Math.max(1, text.length)))

describe('read again it is what was said', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom(
      '\n',
      '\n\n  ',
      '---\n',
      '...\n',
      '\t',
      '\r\n',
      ': #',
      '| >',
      '\u0085',
      '\u2028',
      '\ufeff',
      '\u001b[31m',
      '\ud800',
      '😀',
      '"\\',
      ' \n \n',
    ),
  )
  const texts = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''))

  test('however short', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const document = documentOf(text)
        expect(load(promptText(document))).toEqual(document)
        expect(promptText(document)).toBe(dump(document))
      }),
      { numRuns: 300 },
    )
  })

  test('however long', () => {
    fc.assert(
      fc.property(texts, fc.boolean(), (text, once) => {
        const content = once ? `${'word '.repeat(long / 5)}${text}` : lengthen(text)
        const document = documentOf(content)
        expect(load(promptText(document))).toEqual(document)
      }),
      { numRuns: 200 },
    )
  })
})

test('half of a character is written as the mark for it, also where an end was cut off', () => {
  const document = documentOf(`${'x'.repeat(99)}😀 \ud800 tail`)
  expect(document.content).toContain('😀 \ufffd tail')
  expect(document.description).toBe(`${'x'.repeat(99)}\ufffd...`)
  const other: unknown = YAML.parse(promptText(documentOf(lengthen('\u001b[0m \udc00 \u0085 x'))))
  expect(other).toEqual(documentOf(lengthen('\u001b[0m \udc00 \u0085 x')))
})

test('what people say stands there line by line, however long it is', () => {
  const text = promptText(documentOf(lengthen('It says:\n\n\tindented, "quoted" 日本語 😀\n')))
  expect(text).toStartWith('content: |')
  expect(text).toContain('\n  **user**: It says:\n\n  \tindented, "quoted" 日本語 😀\n')
})

test.each(['hello world this is some text\n', 'word ', 'x', 'tab\t\n', '\u001b[0m colours\n', 'é'])(
  '8 MB of %j are written before the test gives up',
  (part) => {
    const document = documentOf(part.repeat(8_000_000 / part.length))
    expect(promptText(document).length).toBeGreaterThan(8_000_000)
  },
  5000,
)
