import { expect, test } from 'bun:test'
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as fc from 'fast-check'
import { openKept } from '../support/kept.ts'
import { createTranscript, writeAgent, writeTranscript } from '../support/transcripts.ts'

test('a transcript is read as it grows, each line once, also after a restart', async () => {
  await using kept = openKept()
  const transcript = createTranscript()
  transcript.prompt('first')
  const path = writeTranscript(kept.projects, transcript)
  const { sessions } = await kept.take(path)
  expect(sessions).toMatchObject([{ session: transcript.id, messages: 1, records: 1 }])

  transcript.answer('second')
  appendFileSync(path, `${transcript.lines.at(-1)}\n`)
  await kept.take(path)
  await kept.restart()
  transcript.prompt('third')
  appendFileSync(path, `${transcript.lines.at(-1)}\n`)
  await kept.take(path)
  expect((await kept.take(path)).sessions).toEqual([])

  expect(await kept.texts(transcript.id)).toEqual(['prompt: first', 'answer: second', 'prompt: third'])
  expect(await kept.lines(transcript.id)).toEqual(transcript.lines)
})

test('a half-written line waits for its end', async () => {
  await using kept = openKept()
  const transcript = createTranscript()
  transcript.prompt('whole')
  transcript.answer('cut')
  const [whole = '', cut = ''] = transcript.lines
  const path = writeTranscript(kept.projects, transcript, `${whole}\n${cut.slice(0, 60)}`)
  await kept.take(path)
  expect(await kept.texts(transcript.id)).toEqual(['prompt: whole'])
  appendFileSync(path, `${cut.slice(60)}\n`)
  await kept.take(path)
  expect(await kept.texts(transcript.id)).toEqual(['prompt: whole', 'answer: cut'])
  expect((await kept.session(transcript.id)).bad).toBe(0)
})

test('a last line without its newline is taken when it is a whole object, and not again when the newline comes', async () => {
  await using kept = openKept()
  const transcript = createTranscript()
  transcript.prompt('alone')
  const path = writeTranscript(kept.projects, transcript, transcript.lines[0])
  await kept.take(path)
  appendFileSync(path, '\n')
  await kept.take(path)
  expect(await kept.texts(transcript.id)).toEqual(['prompt: alone'])
  expect((await kept.session(transcript.id)).records).toBe(1)
})

test('agents of a session are its own, marked as theirs', async () => {
  await using kept = openKept()
  const transcript = createTranscript()
  transcript.prompt('ask an agent')
  const path = writeTranscript(kept.projects, transcript)
  const agent = createTranscript({ id: transcript.id, agent: 'a1' })
  agent.prompt('what the agent was asked')
  agent.answer('what it answered')
  writeAgent(path, 'a1', agent.text())
  await kept.take(path)
  const messages = await kept.messages(transcript.id)
  expect(messages.map(({ text, agent: by }) => [text, by])).toEqual(
    expect.arrayContaining([
      ['ask an agent', undefined],
      ['what the agent was asked', 'a1'],
      ['what it answered', 'a1'],
    ]),
  )
  expect(await kept.session(transcript.id)).toMatchObject({ messages: 3, prompts: 1 })
})

test('older transcripts of agents, which lie beside those of sessions, belong to the session they name', async () => {
  await using kept = openKept()
  const agent = createTranscript({ agent: 'b2' })
  agent.answer('from an agent')
  const folder = join(kept.projects, '-home-me-project')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'agent-b2.jsonl'), agent.text())
  await kept.import()
  expect(await kept.messages(agent.id)).toMatchObject([{ text: 'from an agent', agent: 'b2' }])
})

test('a file that was moved goes on where it was', async () => {
  await using kept = openKept()
  const transcript = createTranscript()
  transcript.prompt('before')
  const path = writeTranscript(kept.projects, transcript)
  await kept.take(path)
  const moved = join(kept.projects, '-home-me-worktree', `${transcript.id}.jsonl`)
  mkdirSync(dirname(moved))
  renameSync(path, moved)
  transcript.prompt('after')
  appendFileSync(moved, `${transcript.lines.at(-1)}\n`)
  await kept.take(moved)
  expect(await kept.texts(transcript.id)).toEqual(['prompt: before', 'prompt: after'])
  expect(await kept.lines(transcript.id)).toEqual(transcript.lines)
})

test('a file that shrank, was written anew or stands beside its copy doubles nothing', async () => {
  await using kept = openKept()
  const transcript = createTranscript()
  transcript.prompt('one')
  transcript.raw('{"type":"mode","mode":"normal"}')
  transcript.answer('two')
  const path = writeTranscript(kept.projects, transcript)
  await kept.take(path)

  writeFileSync(path, `${transcript.lines[0]}\n`)
  await kept.take(path)
  transcript.answer('three')
  writeFileSync(path, transcript.text())
  await kept.take(path)
  rmSync(path)
  writeFileSync(path, transcript.text())
  await kept.take(path)
  const copy = join(kept.projects, 'copy', `${transcript.id}.jsonl`)
  mkdirSync(dirname(copy))
  writeFileSync(copy, transcript.text())
  await kept.take(copy)

  const saved = join(kept.projects, 'copy', 'saved under another name.jsonl')
  writeFileSync(saved, transcript.text())
  await kept.import()

  expect(await kept.texts(transcript.id)).toEqual(['prompt: one', 'answer: two', 'answer: three'])
  expect(await kept.lines(transcript.id)).toEqual(transcript.lines)
})

test('however a file grew, the archive is the same to the byte', async () => {
  const t = createTranscript()
  for (let at = 0; at < 12; at++) {
    t.prompt(`prompt ${at} äöü €`)
    t.answer('x'.repeat(at * 1000), `msg_${at >> 1}`)
    t.raw('{"cut')
  }
  const bytes = Buffer.from(t.text())
  const kept = openKept()
  await kept.take(writeTranscript(kept.projects, t))
  const { hash, tokens } = await kept.session(t.id)
  await kept[Symbol.asyncDispose]()
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 6 }),
      fc.nat(6),
      async (cuts, restartAt) => {
        await using kept = openKept()
        const path = writeTranscript(kept.projects, t, '')
        const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
        for (const [at, from] of places.slice(0, -1).entries()) {
          appendFileSync(path, bytes.subarray(from, places[at + 1]))
          await kept.take(path)
          if (at === restartAt) await kept.restart()
        }
        expect(await kept.session(t.id)).toMatchObject({ hash, tokens, bad: 12, messages: 24 })
      },
    ),
    { seed: 20261121, numRuns: 25 },
  )
})

test('a pipe or a link in the place of a transcript is left alone', async () => {
  await using kept = openKept()
  const t = createTranscript()
  t.prompt('behind a link')
  const path = writeTranscript(kept.projects, t)
  const [pipe, link] = [crypto.randomUUID(), crypto.randomUUID()].map((id) =>
    join(dirname(path), `${id}.jsonl`),
  )
  Bun.spawnSync(['mkfifo', pipe ?? ''])
  symlinkSync(path, link ?? '')
  for (const each of [pipe, link]) await kept.take(each ?? '').catch(() => {})
  expect((await kept.call('sessions', { limit: 10 })).sessions).toEqual([])
  expect((await kept.import()).files).toBe(1)
})

test('records without a time are as old as their file', async () => {
  await using kept = openKept()
  const t = createTranscript()
  t.raw(JSON.stringify({ type: 'user', sessionId: t.id, message: { role: 'user', content: 'when?' } }))
  await kept.take(writeTranscript(kept.projects, t))
  expect((await kept.call('sessions', { limit: 10 })).sessions).toMatchObject([{ id: t.id, title: 'when?' }])
})

test('what is kept stays when the file is gone', async () => {
  await using kept = openKept()
  const transcript = createTranscript()
  transcript.prompt('still here')
  const path = writeTranscript(kept.projects, transcript)
  await kept.take(path)
  rmSync(path)
  await kept.take(path)
  await kept.call('retake', {})
  expect(await kept.texts(transcript.id)).toEqual(['prompt: still here'])
})

test('what grew while nobody listened is found at the next start', async () => {
  await using kept = openKept()
  const transcript = createTranscript()
  transcript.prompt('heard')
  const path = writeTranscript(kept.projects, transcript)
  await kept.take(path)
  await kept.restart()
  transcript.answer('not heard')
  appendFileSync(path, `${transcript.lines.at(-1)}\n`)
  expect((await kept.call('retake', {})).sessions).toMatchObject([{ session: transcript.id, messages: 2 }])
})
