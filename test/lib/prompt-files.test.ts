// The files of `.prompts/`: what stands in them, and that they are whole whoever writes at the same time.

import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { type Conversation, promptIdOf } from '../../src/lib/prompt-document.ts'
import { newVersion, savePrompt } from '../../src/lib/prompt-files.ts'
import type { Repository } from '../../src/lib/repository.ts'

let repository: Repository
let prompts: string

beforeEach(() => {
  const toplevel = realpathSync(mkdtempSync(join(tmpdir(), 'paid-prompts-')))
  mkdirSync(join(toplevel, '.git'))
  repository = { toplevel, common: join(toplevel, '.git') }
  prompts = join(toplevel, '.prompts')
})
afterEach(() => rmSync(repository.toplevel, { recursive: true, force: true }))

const talk = (change: Partial<Conversation> = {}): Conversation => ({
  id: '074fdc6bca4e0e45',
  tool: 'claude-code',
  startedAt: Date.parse('2026-11-21T03:23:59.344Z'),
  messages: [
    { role: 'user', content: 'Refactor the Login function, please!' },
    { role: 'assistant', content: 'Done: see src/auth.ts' },
  ],
  files: ['src/auth.ts'],
  metadata: {},
  ...change,
})
const at = Date.parse('2026-11-21T03:24:04.596Z')
const save = (
  conversation: Conversation,
  change: { version?: string; commit?: string; umask?: number } = {},
) => savePrompt(repository, conversation, { at, version: newVersion(), umask: 0o022, ...change })
const read = (...path: string[]): string => readFileSync(join(prompts, ...path), 'utf8')
const index = (): Record<string, unknown> => JSON.parse(read('.meta', 'index.json'))

test('a conversation is the document that the old daemon wrote, byte for byte', async () => {
  const commit = '0123456789abcdef0123456789abcdef01234567'
  const saved = await save(talk(), { version: 'ec57a72c', commit })
  const text = `content: |
  # Auto-captured conversation from claude-code

  Session ID: 074fdc6bca4e0e45
  Started: 2026-11-21T03:23:59.344Z

  ## Conversation

  **user**: Refactor the Login function, please!

  **assistant**: Done: see src/auth.ts

  ## Code Changes (1)

  - src/auth.ts
commitMessage: Auto-captured from claude-code (2 messages)
metadata:
  model: unknown
  tags:
    - auto-captured
    - claude-code
  tool: claude-code
  sessionId: 074fdc6bca4e0e45
  captureTime: '2026-11-21T03:23:59.344Z'
  gitCommit: 0123456789abcdef0123456789abcdef01234567
  filesModified:
    - src/auth.ts
description: Refactor the Login function, please!
id: refactor-the-login
version: ec57a72c
timestamp: '2026-11-21T03:24:04.596Z'
lastModified: '2026-11-21T03:24:04.596Z'
`
  expect(saved).toEqual({
    id: 'refactor-the-login',
    version: 'ec57a72c',
    file: join(prompts, 'prompts', 'refactor-the-login.yaml'),
  })
  expect(read('prompts', 'refactor-the-login.yaml')).toBe(text)
  expect(read('history', 'refactor-the-login', '2026-11-21T03:24:04.596Z-ec57a72c.yaml')).toBe(text)
  expect(read('.meta', 'index.json')).toBe(
    JSON.stringify(
      {
        'refactor-the-login': {
          lastVersion: 'ec57a72c',
          lastModified: '2026-11-21T03:24:04.596Z',
          model: 'unknown',
          tags: ['auto-captured', 'claude-code'],
        },
      },
      null,
      2,
    ),
  )
})

test('without changes it ends with a blank line; what the session says of its model is carried in order', async () => {
  const metadata = { tags: ['mine'], model: 'claude-opus', maxTokens: 5, temperature: 0.5 }
  await save(talk({ files: [], metadata }))
  const found = load(read('prompts', 'refactor-the-login.yaml'))
  expect(found).toMatchObject({ content: expect.stringMatching(/src\/auth\.ts\n\n$/) })
  expect(read('prompts', 'refactor-the-login.yaml')).toContain('content: |+\n')
  const order = [
    'model',
    'tags',
    'temperature',
    'maxTokens',
    'tool',
    'sessionId',
    'captureTime',
    'filesModified',
  ]
  const fields = typeof found === 'object' && found !== null && 'metadata' in found ? found.metadata : {}
  expect(Object.keys(Object(fields))).toEqual(order)
  expect(fields).toMatchObject({ model: 'claude-opus', tags: ['auto-captured', 'claude-code', 'mine'] })
})

test.each([
  ['Fix: bug #123 in the API', 'fix-bug-123'],
  ['../../etc/passwd now please', 'etcpasswd-now-please'],
  ['日本語だけ', 'auto-074fdc6bca4e0e45'],
  ['', 'auto-074fdc6bca4e0e45'],
  ['go on', 'auto-074fdc6bca4e0e45'],
  ['x'.repeat(300), 'x'.repeat(120)],
])('%j is named %s', (content, id) => {
  expect(promptIdOf(talk({ messages: [{ role: 'user', content }] }))).toBe(id)
})

describe('names', () => {
  test('of two conversations with the same first words are two; each keeps its own', async () => {
    const first = talk({ id: 'one' })
    const second = talk({ id: 'two' })
    const names = []
    for (const each of [first, second, first, second]) names.push((await save(each)).id)
    expect(names).toEqual([
      'refactor-the-login',
      'refactor-the-login-2',
      'refactor-the-login',
      'refactor-the-login-2',
    ])
    expect(readdirSync(join(prompts, 'history', 'refactor-the-login'))).toHaveLength(2)
  })

  test('of a file that is not ours to read stay with it', async () => {
    mkdirSync(join(prompts, 'prompts'), { recursive: true })
    writeFileSync(join(prompts, 'prompts', 'refactor-the-login.yaml'), '{ broken')
    expect((await save(talk())).id).toBe('refactor-the-login-2')
    expect(read('prompts', 'refactor-the-login.yaml')).toBe('{ broken')
  })
})

test('25 at once are 25 files and 25 entries', async () => {
  const talks = Array.from({ length: 25 }, (_, n) => talk({ id: `session${n}` }))
  await Promise.all(talks.map((each) => save(each)))
  expect(readdirSync(join(prompts, 'prompts'))).toHaveLength(25)
  expect(Object.keys(index())).toHaveLength(25)
  expect(readdirSync(join(prompts, '.meta'))).toEqual(['index.json'])
})

test('the same version saved again is the same files', async () => {
  await save(talk(), { version: 'aaaaaaaa' })
  await save(talk(), { version: 'aaaaaaaa' })
  expect(readdirSync(join(prompts, 'history', 'refactor-the-login'))).toEqual([
    '2026-11-21T03:24:04.596Z-aaaaaaaa.yaml',
  ])
})

test('an index that cannot be read is set aside and made anew', async () => {
  await save(talk({ id: 'one' }))
  const entry = index()['refactor-the-login']
  writeFileSync(join(prompts, '.meta', 'index.json'), '{"half')
  await save(talk({ id: 'two' }))
  expect(Object.keys(index()).toSorted()).toEqual(['refactor-the-login', 'refactor-the-login-2'])
  expect(index()['refactor-the-login']).toEqual(entry)
  expect(read('.meta', `index.json.broken-${at}`)).toBe('{"half')
})

test('what others wrote into the index stays', async () => {
  mkdirSync(join(prompts, '.meta'), { recursive: true })
  writeFileSync(join(prompts, '.meta', 'index.json'), '{"theirs":{"lastVersion":"x"}}')
  await save(talk())
  expect(index()).toMatchObject({ theirs: { lastVersion: 'x' }, 'refactor-the-login': {} })
})

test.each(['.prompts', '.prompts/prompts', '.prompts/.meta', '.prompts/history'])(
  'nothing is written through a link at %s',
  async (place) => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'paid-elsewhere-'))
    try {
      mkdirSync(join(repository.toplevel, place, '..'), { recursive: true })
      symlinkSync(elsewhere, join(repository.toplevel, place))
      expect(save(talk())).rejects.toThrow('a symbolic link')
      await Bun.sleep(0)
      expect(readdirSync(elsewhere)).toEqual([])
    } finally {
      rmSync(elsewhere, { recursive: true })
    }
  },
)

test('files and folders have the modes of the user’s others', async () => {
  const { file } = await save(talk(), { umask: 0o027 })
  expect(statSync(file).mode & 0o777).toBe(0o640)
  expect(statSync(prompts).mode & 0o777).toBe(0o750 & ~process.umask())
  expect(existsSync(join(repository.common, 'paid-prompts.lock'))).toBe(false)
})
