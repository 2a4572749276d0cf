import { expect, test } from 'bun:test'
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
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

  expect(await kept.texts(transcript.id)).toEqual(['prompt: one', 'answer: two', 'answer: three'])
  expect(await kept.lines(transcript.id)).toEqual(transcript.lines)
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
