// What a conversation changed, as diffs: from each shape in which a tool tells of it.

import { describe, expect, test } from 'bun:test'
import { applyPatch, structuredPatch } from 'diff'
import * as fc from 'fast-check'
import type { FileChange } from '../../src/protocol/prompts.ts'
import { type Kept, openKept } from '../support/kept.ts'
import { createTranscript, type Transcript, writeTranscript } from '../support/transcripts.ts'

const path = '/home/me/project/src/zoo.ts'
const before = 'one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n'

const changesOf = async (kept: Kept, id: string): Promise<FileChange[]> => {
  const all: FileChange[] = []
  for (let after: number | undefined; ;) {
    const page = await kept.call('changes', { id, ...(after !== undefined && { after }) })
    all.push(...page.changes)
    if (page.next === undefined) return all
    after = page.next
  }
}

/** What is told of a session that did only this. */
const toldOf = async (work: (transcript: Transcript) => void, exclude?: string[]): Promise<FileChange[]> => {
  await using kept = openKept(exclude)
  const transcript = createTranscript()
  transcript.prompt('Change it')
  work(transcript)
  await kept.take(writeTranscript(kept.projects, transcript))
  return await changesOf(kept, transcript.id)
}

const applied = (text: string, change: FileChange | undefined): string | false =>
  applyPatch(text, `--- a\n+++ b\n${change?.patch ?? ''}`)

describe('a change is told as a diff', () => {
  test('from the hunks that the tool made', async () => {
    const [change, ...others] = await toldOf((transcript) => {
      const use = transcript.tool('Edit', { file_path: path, old_string: 'five', new_string: 'FIVE' })
      const { hunks } = structuredPatch('a', 'b', before, before.replace('five', 'FIVE'), '', '', {
        context: 3,
      })
      transcript.result(use, 'done', {
        filePath: path,
        oldString: 'five',
        newString: 'FIVE',
        originalFile: null,
        structuredPatch: hunks,
      })
    })
    expect(others).toEqual([])
    expect(change).toMatchObject({ path, tool: 'Edit', kind: 'edit', added: 1, removed: 1 })
    expect(change?.patch.split('\n')[0]).toBe('@@ -2,7 +2,7 @@')
    expect(applied(before, change)).toBe(before.replace('five', 'FIVE'))
  })

  test('from the file as it was, and what was exchanged in it', async () => {
    const [once, all] = await toldOf((transcript) => {
      const exchange = { filePath: path, originalFile: 'a\na\n', oldString: 'a', newString: '$& b' }
      for (const replaceAll of [false, true]) {
        const use = transcript.tool('Edit', { file_path: path, old_string: 'a', new_string: '$& b' })
        transcript.result(use, 'done', { ...exchange, replaceAll })
      }
    })
    expect(applied('a\na\n', once)).toBe('$& b\na\n')
    expect(applied('a\na\n', all)).toBe('$& b\n$& b\n')
  })

  test('of a new file, and of one that was written anew', async () => {
    const [made, written] = await toldOf((transcript) => {
      const first = transcript.tool('Write', { file_path: path, content: 'one\n' })
      transcript.result(first, 'done', {
        type: 'create',
        filePath: path,
        content: 'one\n',
        structuredPatch: [],
        originalFile: null,
      })
      const then = transcript.tool('Write', { file_path: path, content: 'two\n' })
      transcript.result(then, 'done', {
        type: 'update',
        filePath: path,
        content: 'two\n',
        originalFile: 'one\n',
      })
    })
    expect(made).toMatchObject({ kind: 'create', patch: '@@ -0,0 +1 @@\n+one\n', added: 1, removed: 0 })
    expect(applied('one\n', written)).toBe('two\n')
  })

  test('from the exchanged texts alone where no more is known, which is said', async () => {
    const [change, many] = await toldOf((transcript) => {
      transcript.tool('Edit', { file_path: path, old_string: 'a\nb', new_string: 'a\nc' })
      transcript.tool('MultiEdit', {
        file_path: path,
        edits: [
          { old_string: 'x', new_string: 'y' },
          { old_string: 'z', new_string: '' },
        ],
      })
    })
    expect(change).toMatchObject({ part: true, patch: '@@ -1,2 +1,2 @@\n a\n-b\n+c\n' })
    expect(many).toMatchObject({ part: true, added: 1, removed: 2 })
  })

  test('whatever stands in a file', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\r', '\\', '+', '-', ' ', 'é', '🦭') })
    await using kept = openKept()
    let number = 0
    await fc.assert(
      fc.asyncProperty(text, text, async (old, fresh) => {
        const id = (++number).toString(16).padStart(16, '0')
        const record = { type: 'captured.change', at: 1, filePath: path, before: old, after: fresh }
        await kept.call('capture', {
          session: { id, tool: 'cursor', startedAt: 1 },
          told: [{ seq: 1, line: JSON.stringify(record) }],
        })
        const [change] = await changesOf(kept, id)
        if (old === fresh) expect(change?.patch).toBe('')
        else expect(applied(old, change)).toBe(fresh)
      }),
      { numRuns: 100 },
    )
  }, 60_000)
})

test('a use that failed changed nothing', async () => {
  const changes = await toldOf((transcript) => {
    const use = transcript.tool('Edit', { file_path: path, old_string: 'a', new_string: 'b' })
    transcript.result(use, 'String to replace not found', 'Error: String to replace not found', true)
  })
  expect(changes).toEqual([])
})

test('of an excluded file nothing is told but that it was changed', async () => {
  const changes = await toldOf(
    (transcript) => {
      const file = '/home/me/project/zoo.env'
      const use = transcript.tool('Write', { file_path: file, content: 'KEY=hunter2' })
      transcript.result(use, 'done', {
        type: 'create',
        filePath: file,
        content: 'KEY=hunter2',
        structuredPatch: [],
      })
    },
    ['*.env'],
  )
  expect(changes).toMatchObject([{ path: '/home/me/project/zoo.env', patch: '', withheld: true }])
  expect(JSON.stringify(changes)).not.toContain('hunter2')
})

test('what a tool told wrongly is no error', async () => {
  const odd = [
    null,
    7,
    'text',
    [],
    { structuredPatch: [{ lines: 'x' }, { oldStart: 'a', lines: [1] }, null] },
  ]
  const changes = await toldOf((transcript) => {
    for (const result of odd) {
      const use = transcript.tool('Edit', { file_path: path, old_string: 7, new_string: null })
      transcript.result(use, 'done', result)
    }
    transcript.tool('NotebookEdit', { notebook_path: '/n.ipynb', new_source: 'print(1)' })
  })
  expect(changes.length).toBe(odd.length + 1)
  expect(changes.at(-1)).toMatchObject({ kind: 'notebook', patch: '@@ -0,0 +1 @@\n+print(1)\n', part: true })
})

test('many changes come page by page, each once', async () => {
  await using kept = openKept()
  const transcript = createTranscript()
  for (let at = 0; at < 230; at++)
    transcript.tool('Write', { file_path: `/home/me/project/${at}`, content: `${at}\n` })
  await kept.take(writeTranscript(kept.projects, transcript))
  const changes = await changesOf(kept, transcript.id)
  expect(changes.map(({ path: each }) => each)).toEqual(
    Array.from({ length: 230 }, (_, at) => `/home/me/project/${at}`),
  )
})
