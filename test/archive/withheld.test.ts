import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { excluding } from '../../src/lib/exclude.ts'
import { type Kept, openKept } from '../support/kept.ts'
import { createTranscript, writeTranscript } from '../support/transcripts.ts'

const secret = 'hunter2-hunter2'
const file = '/home/me/project/.env'

/** Whether the words stand anywhere in the archive's files, or in what it gives back. */
const holds = async (kept: Kept, id: string, words = secret): Promise<boolean> => {
  const lines = await kept.lines(id)
  const texts = await kept.texts(id)
  await kept.restart()
  const found = kept.rows<{ count: number }>(
    `SELECT count(*) AS count FROM words WHERE words MATCH '"${words}"'`,
  )
  return (
    [...lines, ...texts].some((line) => line.includes(words)) ||
    readFileSync(kept.path).includes(words) ||
    found[0]?.count !== 0
  )
}

describe('contents of an excluded file are not kept, but its path is,', () => {
  const cases: Record<string, (t: ReturnType<typeof createTranscript>) => void> = {
    'when it was read': (t) => {
      const use = t.tool('Read', { file_path: file })
      t.result(use, `1\t${secret}`, { type: 'text', file: { filePath: file, content: secret, numLines: 1 } })
    },
    'when it was read by a tool that tells nothing else of it': (t) => {
      const use = t.tool('Read', { file_path: file })
      t.result(use, [{ type: 'text', text: secret }])
    },
    'when it was edited': (t) => {
      const use = t.tool('Edit', { file_path: file, old_string: 'x', new_string: secret })
      t.result(use, `The file ${file} has been updated: ${secret}`, {
        filePath: file,
        oldString: 'x',
        newString: secret,
        originalFile: `y=${secret}`,
        structuredPatch: [{ lines: [`-x`, `+${secret}`] }],
      })
    },
    'when it was edited in several places': (t) => {
      t.tool('MultiEdit', { file_path: file, edits: [{ old_string: 'x', new_string: secret }] })
    },
    'when it was written': (t) => {
      const use = t.tool('Write', { file_path: file, content: secret })
      t.result(use, 'created', { type: 'create', filePath: file, content: secret, structuredPatch: [] })
    },
    'when a notebook of that name was changed': (t) => {
      t.tool('NotebookEdit', { notebook_path: '/home/me/my-secrets.ipynb', new_source: secret })
    },
    'when it was attached': (t) => {
      t.chained({
        type: 'attachment',
        attachment: {
          type: 'file',
          filename: file,
          content: { type: 'text', file: { filePath: file, content: secret } },
        },
        rendered: [{ content: secret }],
      })
    },
    'when a search found lines of it': (t) => {
      const use = t.tool('Grep', { pattern: 'TOKEN', output_mode: 'content' })
      const found = `src/a.ts:3:const TOKEN\n.env:1:TOKEN=${secret}\nconfig/prod.env-2-${secret}\na-1-b/.env:3:${secret}`
      t.result(use, found, { mode: 'content', numFiles: 0, filenames: [], content: found, numLines: 3 })
    },
    'when a command found lines of it': (t) => {
      const use = t.tool('Bash', { command: 'grep -r TOKEN .' })
      const found = `src/a.ts:const TOKEN\n.env:TOKEN=${secret}\nconfig/prod.env-2-${secret}`
      t.result(use, found, { stdout: found, stderr: '' })
    },
    'when the tool keeps a copy of its request': (t) => {
      const told = `Called the Read tool with the following input: ${JSON.stringify({ file_path: file })}`
      t.raw(
        JSON.stringify({
          type: 'api-request-blob',
          hash: 'x',
          message: {
            role: 'user',
            content: [
              { type: 'text', text: told },
              { type: 'text', text: secret },
            ],
          },
        }),
      )
    },
    'when a command printed it': (t) => {
      const use = t.tool('Bash', { command: 'cd x && cat ./.env' })
      t.result(use, secret, { stdout: secret, stderr: '' })
    },
    'when a command wrote it': (t) => {
      t.tool('Bash', { command: `cat > .env <<END\n${secret}\nEND` })
    },
    'when a command wrote it and printed it': (t) => {
      const use = t.tool('Bash', { command: `echo ${secret} | tee -a prod.env` })
      t.result(use, secret, { stdout: secret, stderr: '' })
    },
    'when the line that tells of it is cut': (t) => {
      t.raw(`{"type":"user","toolUseResult":{"file":{"filePath":"${file}","content":"${secret}`)
    },
  }
  for (const [name, tell] of Object.entries(cases))
    test(name, async () => {
      await using kept = openKept()
      const t = createTranscript()
      t.prompt('look')
      tell(t)
      expect(t.text()).toContain(secret)
      await kept.take(writeTranscript(kept.projects, t))
      const paths = (await kept.lines(t.id)).filter((line) => /\.env|secrets/.test(line))
      if (!name.includes('cut') && !name.includes('copy') && !name.includes('command wrote'))
        expect(paths.length).toBeGreaterThan(0)
      expect((await kept.session(t.id)).records).toBe(t.lines.length)
      expect(await holds(kept, t.id)).toBe(false)
    })
})

test('a result that comes after a restart is withheld all the same', async () => {
  await using kept = openKept()
  const t = createTranscript()
  const use = t.tool('Read', { file_path: file })
  await kept.take(writeTranscript(kept.projects, t))
  await kept.restart()
  t.result(use, secret)
  await kept.take(writeTranscript(kept.projects, t))
  expect(await holds(kept, t.id)).toBe(false)
})

test('what is not excluded is kept to the byte', async () => {
  await using kept = openKept()
  const t = createTranscript()
  const use = t.tool('Read', { file_path: '/home/me/project/environment.ts' })
  t.result(use, 'the text', {
    type: 'text',
    file: { filePath: '/home/me/environment.ts', content: 'the text' },
  })
  t.tool('Bash', { command: 'grep -rn password src' })
  t.raw('{ "type":"odd",  "spaces": [1.0, 1e3] ,"x":"\\u0041"}')
  await kept.take(writeTranscript(kept.projects, t))
  expect(await kept.lines(t.id)).not.toEqual([])
  expect(await kept.texts(t.id)).toContain('result: the text')
  const bytes = (await kept.session(t.id)).bytes
  expect(bytes).toBe(Buffer.byteLength(t.text()))
})

test('patterns are about names, those with a slash about paths, in any case', () => {
  const isExcluded = excluding(['*.env', '*secret*', '*/private/*'])
  expect(
    ['/a/.env', '/a/prod.ENV', 'My-Secrets.txt', '/x/private/y', 'C:\\a\\.env'].filter(isExcluded),
  ).toHaveLength(5)
  expect(['/a/.env.local', '/secret-place/a.ts', '/private.txt', ''].filter(isExcluded)).toEqual([])
  expect(excluding([])('/a/.env')).toBe(false)
  expect(excluding(['a.b(c)[d]'])('a.b(c)[d]')).toBe(true)
  expect(excluding(['a.b'])('axb')).toBe(false)
})
