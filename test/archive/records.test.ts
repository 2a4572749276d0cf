import { expect, test } from 'bun:test'
import { utimesSync } from 'node:fs'
import { openKept } from '../support/kept.ts'
import { createTranscript, writeTranscript } from '../support/transcripts.ts'

const kindsOf = (messages: { kind: string; text: string }[]) => messages.map(({ kind, text }) => [kind, text])

test('every kind of record becomes what people read, or is kept without a word', async () => {
  await using kept = openKept()
  const t = createTranscript()
  t.raw('{"type":"queue-operation","operation":"enqueue"}')
  t.prompt('fix the bug')
  t.thinking('hm')
  const use = t.tool('Bash', { command: 'ls', description: 'look' })
  t.result(use, 'a.txt', { stdout: 'a.txt' })
  const failing = t.tool('Bash', { command: 'false' })
  t.result(failing, [{ type: 'text', text: 'Exit code 1' }], 'Error: Exit code 1', true)
  t.answer('done')
  t.chained({ type: 'attachment', attachment: { type: 'queued_command', prompt: 'and this' } })
  t.chained({ type: 'attachment', attachment: { type: 'date', date: '2026-06-01' } })
  t.prompt('<command-name>/simplify</command-name>\n<command-args>now</command-args>')
  t.prompt('<command-name>/clear</command-name>\n<command-args></command-args>')
  t.prompt('meta', { isMeta: true })
  t.prompt('[Request interrupted by user]')
  t.chained({ type: 'system', subtype: 'compact_boundary', content: 'Conversation compacted' })
  t.prompt('This session is being continued', { isCompactSummary: true })
  t.chained({ type: 'something-new', text: 'of a later version' })
  const path = writeTranscript(kept.projects, t)
  await kept.take(path)
  expect(kindsOf(await kept.messages(t.id))).toEqual([
    ['prompt', 'fix the bug'],
    ['thinking', 'hm'],
    ['tool', 'command: ls\ndescription: look'],
    ['result', 'a.txt'],
    ['tool', 'command: false'],
    ['result', 'Exit code 1'],
    ['answer', 'done'],
    ['prompt', 'and this'],
    ['prompt', '/simplify now'],
    ['note', '/clear'],
    ['note', 'meta'],
    ['note', '[Request interrupted by user]'],
    ['note', 'Conversation compacted'],
    ['summary', 'This session is being continued'],
  ])
  expect(await kept.lines(t.id)).toEqual(t.lines)
  expect(await kept.session(t.id)).toMatchObject({
    title: 'fix the bug',
    folder: '/home/me/project',
    branch: 'main',
    model: 'claude-opus-5-5',
    messages: 14,
    prompts: 3,
    records: t.lines.length,
    bad: 0,
  })
})

test('tokens count once for each answer, however many rows tell of it, and its last row is right', async () => {
  await using kept = openKept()
  const t = createTranscript()
  const used = (output: number) => ({ input_tokens: 7, output_tokens: output, cache_read_input_tokens: 3 })
  t.answer('one', 'msg_1', used(1))
  t.answer('two', 'msg_1', used(5))
  t.answer('three', 'msg_1', used(5))
  t.answer('four', 'msg_2', used(2))
  await kept.take(writeTranscript(kept.projects, t))
  expect((await kept.session(t.id)).tokens).toEqual({ input: 14, output: 7, cacheRead: 6, cacheWrite: 0 })
})

test('two sessions whose answers have the same ids count each their own', async () => {
  await using kept = openKept()
  for (const t of [createTranscript(), createTranscript()]) {
    t.answer('hi', 'msg_1')
    await kept.take(writeTranscript(kept.projects, t))
    expect((await kept.session(t.id)).tokens.input).toBe(100)
  }
})

test('a title that was given wins over a summary, and that over the first prompt', async () => {
  await using kept = openKept()
  const t = createTranscript()
  t.prompt('the first\nof two lines')
  const path = writeTranscript(kept.projects, t)
  await kept.take(path)
  expect((await kept.session(t.id)).title).toBe('the first')
  t.raw('{"type":"summary","summary":"What it was about","leafUuid":"x"}')
  t.prompt('later')
  await kept.take(writeTranscript(kept.projects, t))
  expect((await kept.session(t.id)).title).toBe('What it was about')
  t.raw(JSON.stringify({ type: 'custom-title', customTitle: 'Mine', sessionId: t.id }))
  t.raw('{"type":"summary","summary":"Later","leafUuid":"x"}')
  await kept.take(writeTranscript(kept.projects, t))
  expect((await kept.session(t.id)).title).toBe('Mine')
})

test('the cost is the last that the tool noted', async () => {
  await using kept = openKept()
  const t = createTranscript()
  t.answer('x')
  t.raw('{"type":"cost-state","totalCostUSD":0.25,"totalLinesAdded":4,"totalLinesRemoved":1}')
  t.raw('{"type":"cost-state","totalCostUSD":0.5,"totalLinesAdded":6,"totalLinesRemoved":2}')
  await kept.take(writeTranscript(kept.projects, t))
  expect(await kept.session(t.id)).toMatchObject({ cost: 0.5, linesAdded: 6, linesRemoved: 2 })
})

test('figures that nobody can have counted cost no session its place', async () => {
  await using kept = openKept()
  const t = createTranscript()
  t.prompt('what is it?')
  for (const figure of ['-9.3e18', '9.3e18', '1e300', '-1', '0.5'])
    t.raw(`{"type":"cost-state","totalCostUSD":0,"totalLinesAdded":${figure},"totalLinesRemoved":${figure}}`)
  const message = { id: 'msg_1', role: 'assistant', content: [], usage: { input_tokens: 1e300 } }
  for (let n = 0; n < 2000; n++)
    t.raw(JSON.stringify({ type: 'assistant', message: { ...message, id: `msg_${n}` }, sessionId: t.id }))
  writeTranscript(kept.projects, t)
  expect((await kept.import()).unreadable).toEqual([])
  expect(await kept.session(t.id)).toMatchObject({ linesAdded: 0, linesRemoved: 0 })
  expect(await kept.texts(t.id)).toEqual(['prompt: what is it?'])
})

test('files that tools changed are known by their absolute path, those of uses that failed are not', async () => {
  await using kept = openKept()
  const t = createTranscript()
  const edit = t.tool('Edit', { file_path: '/home/me/project/a.ts', old_string: 'x', new_string: 'y' })
  t.result(edit, 'updated', { filePath: '/home/me/project/a.ts' })
  const write = t.tool('Write', { file_path: 'src/new.ts', content: 'new' })
  t.result(write, 'created', { type: 'create', filePath: '/home/me/project/src/new.ts' })
  const failed = t.tool('Edit', { file_path: '/home/me/project/b.ts', old_string: 'x', new_string: 'y' })
  t.result(failed, 'String to replace not found', 'Error', true)
  t.tool('NotebookEdit', { notebook_path: '/home/me/n.ipynb', new_source: 'z' })
  await kept.take(writeTranscript(kept.projects, t))
  const rows = kept.rows<{ path: string; kind: string; told: number }>(
    'SELECT path, kind, result IS NOT NULL AS told FROM changes ORDER BY id',
  )
  expect(rows).toEqual([
    { path: '/home/me/project/a.ts', kind: 'edit', told: 1 },
    { path: '/home/me/project/src/new.ts', kind: 'create', told: 1 },
    { path: '/home/me/n.ipynb', kind: 'notebook', told: 0 },
  ])
})

test('a fork names its parent; the history it copied is shown, but neither counted nor found twice', async () => {
  await using kept = openKept()
  const parent = createTranscript()
  parent.prompt('unmistakable')
  parent.answer('yes', 'msg_a')
  await kept.take(writeTranscript(kept.projects, parent))
  const fork = createTranscript({ at: Date.UTC(2026, 5, 2) })
  for (const line of parent.lines) fork.raw(line.replaceAll(parent.id, fork.id))
  fork.prompt('only in the fork')
  fork.answer('no', 'msg_b')
  await kept.take(writeTranscript(kept.projects, fork))

  expect(await kept.session(fork.id)).toMatchObject({ parent: parent.id, parentKind: 'fork', messages: 4 })
  expect((await kept.session(fork.id)).tokens.input).toBe(100)
  expect((await kept.texts(fork.id)).slice(0, 3)).toEqual([
    'prompt: unmistakable',
    'answer: yes',
    'prompt: only in the fork',
  ])
  const found = (word: string) => kept.rows("SELECT rowid FROM words WHERE words MATCH '" + word + "'").length
  expect([found('unmistakable'), found('fork')]).toEqual([1, 1])
  expect((await kept.session(parent.id)).parent).toBeUndefined()
})

test('a session that began with /clear is joined to the one that was left at that moment, when no other was', async () => {
  const at = Date.UTC(2026, 5, 1)
  const clearing = async (first: number, others: number[]) => {
    await using kept = openKept()
    const next = createTranscript({ at: first })
    next.prompt('<command-name>/clear</command-name>\n<command-args></command-args>')
    next.prompt('anew')
    writeTranscript(kept.projects, next)
    const left = others.map((modifiedAt) => {
      const t = createTranscript({ at: at - 60_000 })
      t.prompt('before')
      const path = writeTranscript(kept.projects, t)
      utimesSync(path, modifiedAt / 1000, modifiedAt / 1000)
      return t.id
    })
    await kept.import()
    const { parent, parentKind } = await kept.session(next.id)
    return parent === undefined ? undefined : [left.indexOf(parent), parentKind]
  }
  expect(await clearing(at, [at - 600_000, at + 1200])).toEqual([1, 'clear'])
  expect(await clearing(at, [at + 1000, at + 1200])).toBeUndefined()
  expect(await clearing(at, [at - 600_000, at + 600_000])).toBeUndefined()
})

test('messages of all sessions are in the order of time, also those of one millisecond', async () => {
  await using kept = openKept()
  const at = Date.UTC(2026, 6, 1)
  const late = createTranscript({ at: at + 5000 })
  late.prompt('late')
  const early = createTranscript({ at })
  early.prompt('early')
  const twins = Array.from({ length: 40 }, () => createTranscript({ at }))
  for (const t of twins) t.prompt('at once')
  for (const t of [late, early, ...twins]) await kept.take(writeTranscript(kept.projects, t))
  const rows = kept.rows<{ id: number; at: number }>('SELECT id, at FROM messages ORDER BY id')
  expect(rows).toHaveLength(42)
  expect(rows.map((row) => row.at)).toEqual(rows.map((row) => row.at).toSorted((a, b) => a - b))
})
