// `paid prompts search|list|show|diff` with the compiled binary: what a person, a pipe and a program get to see.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Database } from 'bun:sqlite'
import { addMessages } from '../support/many-messages.ts'
import { openHome, type TestHome } from '../support/home.ts'
import { paidBinary } from '../support/daemon.ts'
import { createTranscript, writeTranscript } from '../support/transcripts.ts'

const hostile = '\u001b[2J\u001b]0;owned\u0007 walrus \u202egnp\u0000'
let home: TestHome
let project = ''
const first = createTranscript({ id: 'aaaaaaaa-0000-4000-8000-000000000001', cwd: '/nowhere/zoo' })
const second = createTranscript({ id: 'bbbbbbbb-0000-4000-8000-000000000002', cwd: '/nowhere/other' })

beforeAll(async () => {
  home = openHome()
  const projects = join(home.paths.home, 'projects')
  first.prompt('Feed the walrus, then the penguins')
  first.thinking('the walrus first')
  const use = first.tool('Write', {
    file_path: '/nowhere/zoo/plan\u001b[31m.md',
    content: `feed ${hostile}\n`,
  })
  first.result(use, 'done')
  first.answer('The walrus is fed')
  second.prompt(`Hostile ${hostile}`)
  for (const each of [first, second]) writeTranscript(projects, each)
  project = join(home.paths.home, 'repository')
  mkdirSync(join(project, '.prompts', 'prompts'), { recursive: true })
  mkdirSync(join(project, 'src'))
  writeFileSync(
    join(project, '.prompts', 'prompts', 'feed-the-walrus.yaml'),
    `content: x\nmetadata:\n  tool: claude-code\n  sessionId: ${first.id}\n`,
  )
  expect((await home.paid(['start'])).code).toBe(0)
  expect((await home.paid(['import', projects])).code).toBe(0)
}, 60_000)
afterAll(() => home[Symbol.asyncDispose]())

/** What a terminal gets. */
const onTerminal = async (words: string[], env: Record<string, string> = {}): Promise<string> => {
  let text = ''
  const decoder = new TextDecoder()
  const child = Bun.spawn([paidBinary, ...words], {
    env: { ...home.env, TERM: 'xterm-256color', ...env },
    terminal: {
      cols: 200,
      rows: 50,
      data: (_, bytes) => {
        text += decoder.decode(bytes, { stream: true })
      },
    },
  })
  await child.exited
  child.terminal?.close()
  return text
}

// oxlint-disable-next-line no-control-regex -- escapes are exactly what it looks for
const obeyed = /\u001b\[2J|\u001b\]|\u0007|\u202e|\u0000|\u001b\[31m\.md/

describe('search', () => {
  test('marks what was looked for on a terminal, plainly where nobody wants colours, not for a pipe', async () => {
    expect(await onTerminal(['prompts', 'search', 'penguins'])).toContain('\u001b[1;33mpenguins\u001b[0m')
    expect(await onTerminal(['prompts', 'search', 'penguins'], { NO_COLOR: '1' })).toContain('the «penguins»')
    const { stdout, code } = await home.paid(['prompts', 'search', 'PENGUINS'])
    expect(code).toBe(0)
    expect(stdout).toContain('aaaaaaaa')
    expect(stdout).toContain('Feed the walrus, then the penguins\n')
  })

  test('gives programs the plain text, and the marks beside it', async () => {
    const { stdout } = await home.paid(['prompts', 'search', 'walrus', '--repo', '/nowhere/other', '--json'])
    const { hits } = JSON.parse(stdout)
    expect(hits).toMatchObject([{ session: second.id, text: `Hostile ${hostile}` }])
    const [{ text, marks }] = hits
    expect(marks.map(([start, end]: [number, number]) => text.slice(start, end))).toEqual(['walrus'])
  })

  test('shows what is hostile, and obeys none of it', async () => {
    for (const words of [
      ['prompts', 'search', 'walrus'],
      ['prompts', 'list'],
      ['prompts', 'show', 'bbbbbbbb'],
      ['prompts', 'diff', 'aaaaaaaa'],
    ]) {
      expect(await onTerminal(words)).not.toMatch(obeyed)
      expect((await home.paid(words)).stdout).not.toMatch(obeyed)
    }
    expect((await home.paid(['prompts', 'search', 'hostile'])).stdout).toContain(String.raw`\e[2J\e]0;owned`)
  })

  test('says when there is nothing, and what a wrong flag should be', async () => {
    expect(await home.paid(['prompts', 'search', 'zebra'])).toMatchObject({ code: 0, stdout: '' })
    expect(await home.paid(['prompts', 'search', '***'])).toMatchObject({ code: 0, stdout: '' })
    for (const words of [['', '--json'], ['a', '--limit', '0'], ['a', '--since', 'soon'], []])
      expect((await home.paid(['prompts', 'search', ...words])).code).toBe(2)
    expect((await home.paid(['prompts', 'search', 'x'.repeat(10_000)])).code).toBe(0)
  })
})

test('list tells the first prompts, the last active first, and narrows', async () => {
  const { stdout } = await home.paid(['prompts', 'list'])
  expect(stdout).toContain('Feed the walrus, then the penguins')
  expect(stdout.trimEnd().split('\n').length).toBe(2)
  const narrowed = await home.paid(['prompts', 'list', '--repo', '/nowhere/zoo', '--json'])
  expect(JSON.parse(narrowed.stdout)).toMatchObject([
    { session: { id: first.id }, prompt: 'Feed the walrus, then the penguins', commits: [] },
  ])
  expect((await home.paid(['prompts', 'list', '--tool', 'cursor', '--json'])).stdout).toBe('[]\n')
})

test('show has what was asked and answered and nothing else, also by the name of a file in .prompts', async () => {
  const { stdout } = await home.paid(['prompts', 'show', 'aaaa'])
  expect(stdout).toContain('Feed the walrus, then the penguins')
  expect(stdout).toContain('The walrus is fed')
  expect(stdout).not.toContain('the walrus first')
  expect(stdout).not.toContain('plan')
  const named = await home.paid(['prompts', 'show', 'feed-the-walrus'], { cwd: join(project, 'src') })
  const asFile = await home.paid(['prompts', 'show', 'feed-the-walrus.yaml'], { cwd: join(project, 'src') })
  expect(asFile).toEqual(named)
  expect(named.stdout).toBe(stdout)
  const missing = await home.paid(['prompts', 'show', 'nothing-here'])
  expect(missing).toMatchObject({ code: 1, stdout: '' })
  expect(missing.stderr).toContain('No session nothing-here is kept')
})

test('diff tells what a conversation changed', async () => {
  const { stdout } = await home.paid(['prompts', 'diff', 'aaaa'])
  expect(stdout).toContain('+feed ')
  expect(stdout).toContain('+1 -0')
  const { stdout: json } = await home.paid(['prompts', 'diff', 'aaaa', '--json'])
  expect(JSON.parse(json)).toMatchObject({
    session: { id: first.id },
    files: [{ path: '/nowhere/zoo/plan\u001b[31m.md', changes: [{ tool: 'Write', added: 1 }] }],
  })
  expect((await home.paid(['prompts', 'diff', 'bbbb'])).stderr).toContain('It changed no file.')
})

test('of a word in very many messages the newest are ranked, and that is said', async () => {
  {
    using database = new Database(home.paths.archive)
    database.run('PRAGMA busy_timeout = 5000')
    addMessages(database, 50_001, (n) => (n === 1 ? 'everywhere everywhere' : 'everywhere'))
  }
  const { stdout, stderr } = await home.paid(['prompts', 'search', 'everywhere', '--limit', '3'])
  expect(stdout.split('\n\n')).toHaveLength(3)
  expect(stderr).toContain('These are the best 3 of the newest 50,000; 50,001 messages match.')
  const told = await home.paid(['prompts', 'search', 'everywhere', '--limit', '3', '--json'])
  expect(JSON.parse(told.stdout)).toMatchObject({ order: 'rank', count: 50_001, ranked: 50_000 })
}, 30_000)
