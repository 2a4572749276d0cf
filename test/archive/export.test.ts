import { describe, expect, test } from 'bun:test'
import { hasBrowser, openBrowser } from '../support/browser.ts'
import { type Kept, openKept } from '../support/kept.ts'
import { createTranscript, writeTranscript } from '../support/transcripts.ts'

const token = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`

const exported = async (kept: Kept, id: string, format: 'md' | 'json' | 'jsonl' | 'html') => {
  let text = ''
  const found: Record<string, number> = {}
  let pieces = 0
  for (let after: number | undefined; ;) {
    const piece = await kept.call('export', { id, format, ...(after !== undefined && { after }) })
    text += piece.text
    pieces++
    for (const [kind, count] of Object.entries(piece.found)) found[kind] = (found[kind] ?? 0) + count
    if (piece.next === undefined) return { text, found, pieces }
    after = piece.next
  }
}

describe.each(['md', 'json', 'jsonl', 'html'] as const)('as %s', (format) => {
  test('a secret is redacted, wherever it was said', async () => {
    await using kept = openKept()
    const t = createTranscript()
    t.prompt(`use ${token}`)
    const use = t.tool('Bash', { command: `curl -H 'authorization: ${token}'` })
    t.result(use, `"${token}"`)
    await kept.take(writeTranscript(kept.projects, t))
    const { text, found } = await exported(kept, t.id, format)
    expect(text).not.toContain(token)
    expect(text).toContain('[redacted:github-token]')
    expect(found['github-token']).toBeGreaterThan(2)
  })

  test('a long conversation comes in pieces, each message once', async () => {
    await using kept = openKept()
    const t = createTranscript()
    for (let at = 0; at < 450; at++) t.prompt(`message-${at}- ${'word '.repeat(600)}`)
    await kept.take(writeTranscript(kept.projects, t))
    const { text, pieces } = await exported(kept, t.id, format)
    expect(pieces).toBeGreaterThan(1)
    // the title and the tool's own fields may say the first once more
    const numbers = [...text.matchAll(/message-(\d+)-/g)].map(([, at]) => Number(at))
    expect(numbers.slice(-450)).toEqual(Array.from({ length: 450 }, (_, at) => at))
    if (format === 'json') expect(JSON.parse(text).messages).toHaveLength(450)
    if (format === 'jsonl')
      expect(
        text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ).toHaveLength(450)
  })
})

const hostile = '<script>alert(1)</script><img src=x onerror=alert(1)>"\'&\u0000\u202e</pre></details>'

test('an HTML export is one page in which nothing that was said is markup', async () => {
  await using kept = openKept()
  const t = createTranscript({ cwd: `/home/${hostile}` })
  t.prompt(hostile)
  t.tool(hostile, { [hostile]: hostile })
  t.answer(hostile)
  await kept.take(writeTranscript(kept.projects, t))
  const { text } = await exported(kept, t.id, 'html')
  expect(text).toContain("default-src 'none'")
  for (const never of ['<script', '<img', '\u202e', '\u0000']) expect(text).not.toContain(never)
  expect(text.match(/<article/g)).toHaveLength(3)
  expect(text.match(/<\/details>/g)).toHaveLength(1)
  expect(text).not.toMatch(/<[^>]*\s(?:src|href|on\w+)=/i)
})

test.skipIf(!hasBrowser)(
  'nothing of an HTML export is wider than a narrow window, however long its words',
  async () => {
    await using kept = openKept()
    const long = 'w'.repeat(300)
    const t = createTranscript({ cwd: `/home/${long}` })
    t.prompt(long)
    t.tool('Bash', { command: long })
    await kept.take(writeTranscript(kept.projects, t))
    const { text } = await exported(kept, t.id, 'html')
    using site = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: () => new Response(text, { headers: { 'content-type': 'text/html; charset=utf-8' } }),
    })
    await using browser = await openBrowser()
    using page = await browser.open(site.url.href)
    const tooWide = await page.evaluate(`(() => {
      document.body.style.width = '300px'
      for (const details of document.querySelectorAll('details')) details.open = true
      return [...document.querySelectorAll('*')]
        .filter(({ scrollWidth, clientWidth }) => clientWidth > 0 && scrollWidth > clientWidth)
        .map(({ tagName }) => tagName)
    })()`)
    expect(tooWide).toEqual([])
  },
  60_000,
)

test('what was said cannot end its fence in Markdown, nor begin a heading', async () => {
  await using kept = openKept()
  const t = createTranscript()
  const use = t.tool('Bash', { command: 'cat a.md' })
  t.result(use, '```\n# not ours\n````\n')
  t.answer('# also not ours\n\nand **this**')
  await kept.take(writeTranscript(kept.projects, t))
  const { text } = await exported(kept, t.id, 'md')
  expect(text).toContain('`````\n```\n# not ours\n````\n`````')
  expect(text).toContain('\n### also not ours')
})

test('a session is found by the beginning of its id, if no other begins so', async () => {
  await using kept = openKept()
  const ids = ['aaaa1111-0000-4000-8000-000000000000', 'aaaa2222-0000-4000-8000-000000000000']
  for (const id of ids) {
    const t = createTranscript({ id })
    t.prompt(id)
    await kept.take(writeTranscript(kept.projects, t))
  }
  expect((await kept.session('aaaa1')).id).toBe(ids[0] ?? '')
  expect(kept.session('aaaa')).rejects.toMatchObject({ code: 'bad_request' })
  expect(kept.session('bbbb')).rejects.toMatchObject({ code: 'not_found' })
  expect(kept.session('%')).rejects.toMatchObject({ code: 'not_found' })
})
