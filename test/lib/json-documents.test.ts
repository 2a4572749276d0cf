// Bytes into documents: wherever the chunks are cut, the same documents come out, and what is too long costs its
// sender an error and nobody memory.

import { expect, test } from 'bun:test'
import * as fc from 'fast-check'
import { DocumentReader, splitDocuments } from '../../src/lib/json-documents.ts'

const tooLong = Symbol('too long')

const openReader = (maxBytes: number) => {
  const found: (string | symbol)[] = []
  const reader = new DocumentReader(maxBytes, {
    document: (text) => found.push(...documentsIn(text)),
    tooLong: () => found.push(tooLong),
  })
  return { reader, found }
}

/** As the socket's door reads a text: one document, or several when it is no JSON. */
const documentsIn = (text: string): string[] => {
  try {
    JSON.parse(text)
  } catch {
    const documents = splitDocuments(text)
    if (documents) return documents.flatMap(documentsIn)
  }
  return [text.replaceAll(/^[ \t\r]+|[ \t\r]+$/g, '')]
}

const read = (chunks: Iterable<Buffer>, maxBytes = Infinity) => {
  const { reader, found } = openReader(maxBytes)
  for (const chunk of chunks) reader.push(chunk)
  return found
}

const cut = (bytes: Buffer, places: readonly number[]): Buffer[] => {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, n) => bytes.subarray(at[n], end))
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('}', '{"', '"', '\\', '\\"', ']}', 'é', '😀', '\u{10ffff}', '\n', '\\\\'),
  fc
    .array(
      fc.tuple(
        fc.constantFrom('x', 'é', '\\', '}'),
        fc.nat({ max: 100 }),
        fc.constantFrom('"', '\\', '\\"', '{'),
      ),
    )
    .map((parts) => parts.map(([unit, times, mark]) => unit.repeat(times) + mark).join('')),
)
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(text, tie('value'), { maxKeys: 3 }),
  ),
}))
const object = fc.dictionary(text, value, { maxKeys: 3 })
const gap = fc.constantFrom('', '\n', '\r\n', ' ', '\n\n', ' \t\n ')
const places = fc.array(fc.nat({ max: 2000 }), { maxLength: 12 })

test('documents cut anywhere, also inside a character, are the documents that were sent', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(object, gap), { maxLength: 6 }), places, (sent, at) => {
      const stream = Buffer.from(sent.map(([document, behind]) => JSON.stringify(document) + behind).join(''))
      const expected = sent.map(([document]) => JSON.stringify(document))
      expect(read(cut(stream, at))).toEqual(expected)
      expect(read(Array.from(stream, (byte) => Buffer.of(byte)))).toEqual(expected)
    }),
    { numRuns: 400 },
  )
})

test('whatever the bytes are and whatever the bound is, the cuts make no difference', () => {
  const piece = fc.constantFrom(
    ...'{ } [ ] " \\ \n \n a 1 : ,'.split(' '),
    ' ',
    '{"a":1}',
    '{"é":"😀"}',
    '\r\n',
    '"}"',
    'null',
    '\u00a0',
    'x'.repeat(64),
    '\\'.repeat(65),
  )
  const bytes = fc.oneof(
    fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.from(pieces.join(''))),
    fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
  )
  fc.assert(
    fc.property(bytes, places, fc.constantFrom(4, 9, 20, Infinity), (sent, at, bound) => {
      const whole = Buffer.concat([sent, Buffer.from('\n')])
      const one = read(
        Array.from(whole, (byte) => Buffer.of(byte)),
        bound,
      )
      expect(read([whole], bound)).toEqual(one)
      expect(read(cut(whole, at), bound)).toEqual(one)
    }),
    { numRuns: 1500 },
  )
})

test('a document is handed over as soon as its outermost brace closes, a line at its newline', () => {
  const { reader, found } = openReader(100)
  reader.push(Buffer.from('{"a":"}'))
  expect(found).toEqual([])
  reader.push(Buffer.from('\\"}"}[1,'))
  expect(found).toEqual(['{"a":"}\\"}"}'])
  reader.push(Buffer.from('[2]]  '))
  expect(found.slice(1)).toEqual(['[1,[2]]'])
  reader.push(Buffer.from('null'))
  expect(found).toHaveLength(2)
  reader.push(Buffer.from('\n'))
  expect(found.slice(2)).toEqual(['null'])
})

test('a newline ends a document that is not closed, and the next one is unharmed', () => {
  expect(read([Buffer.from('{"a":"b\n{"c":1}\n}}{"d":')])).toEqual(['{"a":"b', '{"c":1}'])
})

test('where newlines end nothing, JSON over several lines is one document, wherever it is cut', () => {
  const laidOut = fc.array(fc.tuple(object, gap), { maxLength: 6 })
  fc.assert(
    fc.property(laidOut, places, (sent, at) => {
      const texts = sent.map(([each]) => JSON.stringify(each, null, 2))
      const bytes = Buffer.from(texts.map((each, n) => each + (sent[n]?.[1] ?? '')).join(''))
      const found: string[] = []
      const sink = { document: (each: string) => found.push(each), tooLong: () => found.push('too long') }
      const reader = new DocumentReader(1_000_000, sink, false)
      let from = 0
      for (const cut of [...at, bytes.length].toSorted((a, b) => a - b)) {
        reader.push(Buffer.from(bytes.subarray(from, cut)))
        from = Math.min(cut, bytes.length)
      }
      expect(found).toEqual(texts)
    }),
  )
})

test('where newlines end nothing, what is too long is skipped to the next one all the same', () => {
  const found: string[] = []
  const reader = new DocumentReader(
    8,
    { document: (each) => found.push(each), tooLong: () => found.push('too long') },
    false,
  )
  for (const bytes of ['{"a":"', 'aaaaaaaa', 'aaa"}', ' \n{"b":1}', '\n{"c":2}'])
    reader.push(Buffer.from(bytes))
  expect(found).toEqual(['too long', '{"b":1}', '{"c":2}'])
})

test('the bound is met to the byte, however the document comes', () => {
  const fits = `{"a":"${'x'.repeat(92)}"}`
  expect(fits).toHaveLength(100)
  const over = `{"a":"${'x'.repeat(93)}"}`
  for (const ending of ['\n', '\r\n', '', ' {}\n']) {
    for (const places_ of [[], [50], [99], [100]]) {
      const chunks = (document: string) => cut(Buffer.from(`${document}${ending}`), places_)
      expect(read(chunks(fits), 100)[0]).toBe(fits)
      expect(read(chunks(over), 100)).toEqual([tooLong])
    }
  }
})

test('a document that is too long is reported once, skipped to its newline, and not kept', () => {
  const { reader, found } = openReader(1024 * 1024)
  const chunk = Buffer.alloc(64 * 1024, 'x')
  reader.push(Buffer.from('{"first":1}\n{"long":"'))
  Bun.gc(true)
  const before = process.memoryUsage.rss()
  for (let n = 0; n < 1024; n++) reader.push(chunk)
  expect(process.memoryUsage.rss() - before).toBeLessThan(32 * 1024 * 1024)
  reader.push(Buffer.from('"}{"skipped":1}\n{"next":1}\n'))
  expect(found).toEqual(['{"first":1}', tooLong, '{"next":1}'])
})

test('32 MiB in small pieces are read whole', () => {
  const { reader, found } = openReader(Infinity)
  const document = Buffer.from(`{"a":"${'é'.repeat(16 * 1024 * 1024)}"}`)
  for (let at = 0; at < document.length; at += 4001) reader.push(document.subarray(at, at + 4001))
  expect(found).toHaveLength(1)
  expect(found[0] === document.toString()).toBe(true)
})

test('a line of several documents is split; one document, or none, is not', () => {
  expect(splitDocuments('{"a":1} {"b":"}{"}\t[3]')).toEqual(['{"a":1}', '{"b":"}{"}', '[3]'])
  expect(splitDocuments('{"a":1}{"b":')).toEqual(['{"a":1}', '{"b":'])
  for (const text_ of ['{"a":1}', '{"a":', 'null', '', '12 {"a":1}'])
    expect(splitDocuments(text_)).toBeUndefined()
})
