// Lines as no tool writes them: none may stop an import, each is counted or kept, and all others stay what they are.

import { expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { openKept } from '../support/kept.ts'
import { createTranscript, writeTranscript } from '../support/transcripts.ts'

const deep = (levels: number) => `{"type":"user","message":${'['.repeat(levels)}${']'.repeat(levels)}}`

const bad: Record<string, string | Uint8Array> = {
  'a cut line': '{"type":"user","message":{"role":"us',
  'no JSON': 'not json at all',
  'a list': '[1,2,3]',
  null: 'null',
  'a number': '12',
  'a record without a type': '{"uuid":"x"}',
  'a type that is none': '{"type":7}',
  'bytes that are no UTF-8': new Uint8Array([0x7b, 0xff, 0xfe, 0x22, 0x7d]),
  'a zero byte': new Uint8Array([0]),
  'deep JSON': deep(5000),
  'JSON as deep as no stack is': deep(200_000),
}

test.each(Object.entries(bad))(
  '%s is counted and told, and the lines around it are kept',
  async (_name, line) => {
    await using kept = openKept()
    const t = createTranscript()
    t.prompt('before')
    t.answer('after')
    const [first = '', last = ''] = t.lines
    const bytes = Buffer.concat([Buffer.from(`${first}\n`), Buffer.from(line), Buffer.from(`\n${last}\n`)])
    mkdirSync(join(kept.projects, 'p'), { recursive: true })
    const path = join(kept.projects, 'p', `${t.id}.jsonl`)
    writeFileSync(path, bytes)
    const totals = await kept.import()
    expect(Object.values(totals.bad)).toEqual([1])
    expect(totals.badPlaces).toMatchObject([{ path, offset: first.length + 1 }])
    expect(await kept.texts(t.id)).toEqual(['prompt: before', 'answer: after'])
    expect(await kept.session(t.id)).toMatchObject({ bad: 1, records: 3 })
    expect((await kept.call('verify', {})).damaged).toEqual([])
    expect((await kept.import()).bad).toEqual({})
  },
)

test('a line longer than any limit is passed over, and what follows it is read', async () => {
  await using kept = openKept()
  const t = createTranscript()
  t.prompt('before')
  t.raw(`{"type":"user","message":{"role":"user","content":"${'x'.repeat(17 * 2 ** 20)}"}}`)
  t.answer('after')
  writeTranscript(kept.projects, t)
  const totals = await kept.import()
  expect(totals.bad).toEqual({ 'too long': 1 })
  expect(await kept.texts(t.id)).toEqual(['prompt: before', 'answer: after'])
  expect((await kept.session(t.id)).bytes).toBeLessThan(10_000)
})

test('a line just under the limit is kept whole', async () => {
  await using kept = openKept()
  const t = createTranscript()
  t.prompt('y'.repeat(15 * 2 ** 20))
  t.answer('after')
  writeTranscript(kept.projects, t)
  expect((await kept.import()).bad).toEqual({})
  expect(await kept.texts(t.id)).toHaveLength(2)
})

test('files that are no transcripts, or cannot be read, are passed over', async () => {
  await using kept = openKept()
  mkdirSync(join(kept.projects, 'p', 'dir.jsonl'), { recursive: true })
  writeFileSync(join(kept.projects, 'p', 'empty.jsonl'), '')
  writeFileSync(join(kept.projects, 'p', 'other.jsonl'), '{"a":1}\n{"b":2}\n')
  writeFileSync(join(kept.projects, 'p', 'note.txt'), 'hello')
  const totals = await kept.import()
  expect(totals).toMatchObject({ files: 2, sessions: 0, bad: { 'not a record': 2 } })
  expect((await kept.call('sessions', { limit: 10 })).sessions).toEqual([])
})

const anything = fc.oneof(
  fc.json().map((text) => Buffer.from(text)),
  fc
    .uint8Array({ maxLength: 200 })
    .map((bytes) => Buffer.from(bytes).map((byte) => (byte === 10 ? 11 : byte))),
  fc
    .record(
      {
        type: fc.oneof(
          fc.constantFrom(
            'user',
            'assistant',
            'system',
            'attachment',
            'summary',
            'cost-state',
            'api-request-blob',
          ),
          fc.string(),
        ),
        uuid: fc.oneof(fc.uuid(), fc.jsonValue()),
        timestamp: fc.oneof(
          fc.constantFrom('2026-01-01T00:00:00Z', 'never', '9999999-01-01'),
          fc.jsonValue(),
        ),
        sessionId: fc.jsonValue(),
        cwd: fc.jsonValue(),
        message: fc.oneof(
          fc.jsonValue(),
          fc.record(
            {
              id: fc.oneof(fc.string(), fc.jsonValue()),
              role: fc.jsonValue(),
              model: fc.jsonValue(),
              usage: fc.oneof(
                fc.jsonValue(),
                fc.record({ input_tokens: fc.oneof(fc.double(), fc.integer(), fc.jsonValue()) }),
              ),
              content: fc.oneof(
                fc.jsonValue(),
                fc.array(
                  fc.record(
                    {
                      type: fc.constantFrom(
                        'text',
                        'tool_use',
                        'tool_result',
                        'thinking',
                        'image',
                        '__proto__',
                      ),
                      text: fc.jsonValue(),
                      thinking: fc.jsonValue(),
                      id: fc.jsonValue(),
                      name: fc.jsonValue(),
                      input: fc.oneof(
                        fc.jsonValue(),
                        fc.record({ file_path: fc.jsonValue(), command: fc.jsonValue() }),
                      ),
                      tool_use_id: fc.jsonValue(),
                      content: fc.jsonValue(),
                    },
                    { requiredKeys: ['type'] },
                  ),
                  { maxLength: 4 },
                ),
              ),
            },
            { requiredKeys: [] },
          ),
        ),
        attachment: fc.jsonValue(),
        toolUseResult: fc.jsonValue(),
        totalCostUSD: fc.jsonValue(),
        totalLinesAdded: fc.oneof(fc.double(), fc.jsonValue()),
      },
      { requiredKeys: ['type'] },
    )
    .map((record) => Buffer.from(JSON.stringify(record))),
)

test('whatever the lines are, an import ends, and what is kept can be read, exported and verified', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anything, { maxLength: 12 }), async (lines) => {
      await using kept = openKept()
      const t = createTranscript()
      t.prompt('the one that is right')
      mkdirSync(join(kept.projects, 'p'), { recursive: true })
      const path = join(kept.projects, 'p', `${t.id}.jsonl`)
      writeFileSync(
        path,
        Buffer.concat([...lines.flatMap((line) => [line, Buffer.from('\n')]), Buffer.from(t.text())]),
      )
      const totals = await kept.import()
      expect(totals.unreadable).toEqual([])
      expect(await kept.texts(t.id)).toContain('prompt: the one that is right')
      const session = await kept.session(t.id)
      expect(Object.values(totals.bad).reduce((sum, each) => sum + each, 0)).toBe(session.bad)
      for (const format of ['md', 'json', 'jsonl', 'html'] as const) {
        const { text } = await kept.call('export', { id: t.id, format })
        expect(text).toContain('the one that is right')
        if (format === 'json') JSON.parse(text)
      }
      expect((await kept.call('verify', {})).damaged).toEqual([])
      expect((await kept.import()).records).toBe(0)
    }),
    { seed: 20261121, numRuns: 150, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: false },
  )
}, 60_000)
