// The archive when something breaks: a full disk, a changed byte, no database, kill -9. What was kept is whole, what was
// not is kept later, and nothing is there twice.

import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startDaemon } from '../support/daemon.ts'
import { shown, tellHook, until } from '../support/shown.ts'
import { createTranscript, writeTranscript } from '../support/transcripts.ts'

test.skipIf(!Bun.which('prlimit'))(
  'a disk that is full is said, costs no hook anything, and what was not kept is kept later',
  async () => {
    await using daemon = await startDaemon({ through: ['sh', '-c', 'trap "" XFSZ; exec "$@"', 'sh'] })
    const limitFiles = (bytes: string) =>
      Bun.spawnSync(['prlimit', '--pid', `${daemon.pid}`, `--fsize=${bytes}:unlimited`])
    const transcripts = Array.from({ length: 6 }, () => createTranscript())
    for (const t of transcripts) {
      for (let at = 0; at < 40; at++)
        t.prompt(Array.from({ length: 800 }, () => crypto.randomUUID()).join('-'))
      writeTranscript(join(daemon.home, '.claude', 'projects'), t)
    }
    limitFiles(`${3 * 2 ** 20}`)
    const full = await daemon.run(['import'])
    expect({ code: full.code, stderr: full.stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('The archive cannot be used'),
    })
    const t = createTranscript()
    await tellHook(daemon, join(daemon.home, 'projects', 'p', `${t.id}.jsonl`), t, {
      hook_event_name: 'Stop',
    })
    expect(JSON.parse((await daemon.run(['sessions', '--json'])).stdout)).toContainEqual(
      expect.objectContaining({ id: t.id }),
    )
    limitFiles('unlimited')
    expect((await daemon.run(['import'])).code).toBe(0)
    expect((await daemon.run(['archive', 'verify'])).code).toBe(0)
    for (const { id, lines } of transcripts) expect(await shown(daemon, id)).toHaveLength(lines.length)
  },
)

test('an archive that is no database is said, and sessions are still listed', async () => {
  await using first = await startDaemon()
  const { home } = first
  const t = createTranscript()
  await tellHook(first, '/nowhere', t, { hook_event_name: 'Stop' })
  await first.kill('SIGTERM')
  writeFileSync(first.paths.archive, 'not a database at all, whatever its name says'.repeat(100))
  await using daemon = await startDaemon({ home })
  const { stdout, stderr, code } = await daemon.run(['sessions', '--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('The archive cannot be used') })
  expect(JSON.parse(stdout)).toMatchObject([{ id: t.id }])
  expect((await daemon.run(['archive', 'verify'])).code).toBe(1)
})

test('`paid archive verify` exits 1 when a byte was changed, and names where', async () => {
  await using daemon = await startDaemon()
  const t = createTranscript()
  t.prompt('precious')
  writeTranscript(join(daemon.home, '.claude', 'projects'), t)
  await daemon.run(['import'])
  expect(await daemon.run(['archive', 'verify'])).toMatchObject({ code: 0 })
  await daemon.kill()
  {
    using database = new Database(daemon.paths.archive)
    const row = database.query<{ data: Uint8Array }, []>('SELECT data FROM chunks').get()
    const data = Buffer.from(row?.data ?? [])
    data[20] = (data[20] ?? 0) ^ 1
    database.query('UPDATE chunks SET data = ?').run(data)
  }
  await using next = await startDaemon({ home: daemon.home })
  const { code, stderr } = await next.run(['archive', 'verify'])
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`session ${t.id}, chunk 0`) })
  const { damaged } = JSON.parse((await next.run(['archive', 'verify', '--json'])).stdout)
  expect(damaged).toMatchObject([{ session: t.id, chunk: 0 }])
})

test('a daemon killed in the middle of an import goes on where it was: everything is whole, nothing twice', async () => {
  await using first = await startDaemon()
  const { home } = first
  const projects = join(home, '.claude', 'projects')
  const transcripts = Array.from({ length: 12 }, (_, number) => {
    const t = createTranscript({ at: Date.UTC(2026, 4, number + 1) })
    for (let at = 0; at < 400; at++) {
      t.prompt(`${number}-${at} ${'some words of a prompt '.repeat(40)}`)
      t.answer(`answer ${number}-${at} ${'and of an answer '.repeat(40)}`, `msg_${number}_${at}`)
    }
    writeTranscript(projects, t)
    return t
  })
  const kept = (): number => {
    if (!existsSync(first.paths.archive)) return 0
    using database = new Database(first.paths.archive, { readonly: true })
    try {
      return (
        database.query<{ sum: number | null }, []>('SELECT sum(messages) AS sum FROM sessions').get()?.sum ??
        0
      )
    } catch {
      return 0
    }
  }
  const all = transcripts.length * 800
  let daemon = first
  for (const goal of [1, all / 4, all / 2]) {
    const importing = daemon.run(['import'])
    await until(
      async () => kept(),
      (sum) => sum >= goal,
    )
    await daemon.kill('SIGKILL')
    expect((await importing).code).not.toBe(0)
    daemon = await startDaemon({ home })
  }
  expect(kept()).toBeLessThanOrEqual(all)
  expect((await daemon.run(['archive', 'verify'])).code).toBe(0)
  expect((await daemon.run(['import'])).code).toBe(0)
  expect((await daemon.run(['archive', 'verify'])).code).toBe(0)
  expect(kept()).toBe(all)
  for (const t of transcripts) {
    const { stdout } = await daemon.run(['sessions', 'export', t.id, '--format', 'jsonl'])
    expect(stdout === t.text()).toBe(true)
  }
  using database = new Database(daemon.paths.archive, { readonly: true })
  const count = (sql: string) => database.query<{ n: number }, []>(sql).get()?.n
  expect(count("SELECT count(*) AS n FROM words WHERE words MATCH 'prompt'")).toBe(all / 2)
  expect(count('SELECT count(DISTINCT uuid) AS n FROM messages')).toBe(all)
  expect(count('SELECT sum(output_tokens) AS n FROM sessions')).toBe(all * 5)
  await daemon.stop()
}, 60_000)
