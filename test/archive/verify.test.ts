import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { type Kept, openKept } from '../support/kept.ts'
import { createTranscript, writeTranscript } from '../support/transcripts.ts'

/** Two sessions, the second of several chunks. */
const filled = async (kept: Kept) => {
  const small = createTranscript()
  small.prompt('hello')
  await kept.take(writeTranscript(kept.projects, small))
  const large = createTranscript()
  for (let at = 0; at < 60; at++) large.prompt(`${at} ${crypto.randomUUID().repeat(400)}`)
  await kept.take(writeTranscript(kept.projects, large))
  return { small, large }
}

const change = async (kept: Kept, sql: string): Promise<void> => {
  await kept.restart()
  using database = new Database(kept.path)
  expect(database.run(sql).changes).toBe(1)
}

test('an archive that nobody touched is whole', async () => {
  await using kept = openKept()
  await filled(kept)
  const { sessions, chunks, damaged } = await kept.call('verify', {})
  expect(damaged).toEqual([])
  expect(sessions).toBe(2)
  expect(chunks).toBeGreaterThan(3)
})

test('a session that grows chunk by chunk keeps one hash over all of it', async () => {
  await using kept = openKept()
  const t = createTranscript()
  const hashes = new Set<string>()
  for (let at = 0; at < 8; at++) {
    t.prompt(crypto.randomUUID().repeat(3000))
    await kept.take(writeTranscript(kept.projects, t))
    hashes.add((await kept.session(t.id)).hash)
  }
  expect(hashes.size).toBe(8)
  expect((await kept.call('verify', {})).damaged).toEqual([])
  const { hash } = await kept.session(t.id)
  await using other = openKept()
  await other.take(writeTranscript(other.projects, t))
  expect((await other.session(t.id)).hash).toBe(hash)
})

test('damage of a chunk that still grew is not written anew as if it were right', async () => {
  await using kept = openKept()
  const { small } = await filled(kept)
  await change(kept, `${bytesOf(60)} WHERE session = 1`)
  small.prompt('and on')
  await kept.take(writeTranscript(kept.projects, small))
  expect((await kept.call('verify', {})).damaged).toMatchObject([{ session: small.id, chunk: 0 }])
})

// a zstd frame ends with no checksum of its own here: our hash must tell
const bytesOf = (place: number) =>
  `UPDATE chunks SET data = CAST(substr(data, 1, ${place}) || x'a5' || substr(data, ${place + 2}) AS BLOB)`

for (const place of [0, 3, 40, 700])
  test(`a changed byte at ${place} of a chunk is found, with its session and its place`, async () => {
    await using kept = openKept()
    const { large } = await filled(kept)
    const second = `(SELECT id FROM chunks WHERE number = 1)`
    await change(kept, `${bytesOf(place)} WHERE id = ${second}`)
    const { damaged } = await kept.call('verify', {})
    expect(damaged.filter(({ chunk }) => chunk === 1)).toMatchObject([{ session: large.id, chunk: 1 }])
    expect(await kept.texts(large.id)).toHaveLength(60)
    expect((await kept.lines(large.id)).length).toBeGreaterThan(10)
    large.answer('it goes on')
    await kept.take(writeTranscript(kept.projects, large))
    expect(await kept.texts(large.id)).toContain('answer: it goes on')
  })

test.each([
  ['a hash that was changed', `UPDATE chunks SET hash = zeroblob(32) WHERE number = 1`],
  ['a chain that was changed', `UPDATE chunks SET chain = zeroblob(32) WHERE number = 1`],
  ['a length that was changed', `UPDATE chunks SET bytes = bytes + 1 WHERE number = 1`],
  ['a chunk that was taken away', `DELETE FROM chunks WHERE number = 1`],
  ['a last chunk that was taken away', `DELETE FROM chunks WHERE id = (SELECT max(id) FROM chunks)`],
  ["a session's hash that was changed", `UPDATE sessions SET hash = zeroblob(32) WHERE chunks > 1`],
])('%s is found', async (_name, sql) => {
  await using kept = openKept()
  const { large } = await filled(kept)
  await change(kept, sql)
  const { damaged } = await kept.call('verify', {})
  expect(damaged.length).toBeGreaterThan(0)
  expect(new Set(damaged.map(({ session }) => session))).toEqual(new Set([large.id]))
})
