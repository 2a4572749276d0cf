// Searching what was said: what is found and what not, in which order, and where it is marked.

import { describe, expect, test } from 'bun:test'
import * as fc from 'fast-check'
import type { Hit } from '../../src/protocol/prompts.ts'
import type { Scope } from '../../src/archive/prompt-calls.ts'
import { type Kept, openKept } from '../support/kept.ts'
import { addMessages } from '../support/many-messages.ts'
import { createTranscript, writeTranscript } from '../support/transcripts.ts'

const search = (kept: Kept, text: string, scope: Scope = {}, limit = 20) =>
  kept.call('search', { text, scope, limit })

const textsOf = async (kept: Kept, text: string, scope?: Scope): Promise<string[]> =>
  (await search(kept, text, scope)).hits.map((hit) => hit.text)

/** An archive of sessions, each what was asked in it. */
const keptOf = async (...sessions: string[][]): Promise<Kept> => {
  const kept = openKept()
  for (const [at, prompts] of sessions.entries()) {
    const transcript = createTranscript({ at: Date.UTC(2026, 0, 1 + at) })
    for (const prompt of prompts) transcript.prompt(prompt)
    await kept.take(writeTranscript(kept.projects, transcript))
  }
  return kept
}

const markedIn = ({ text, marks }: Pick<Hit, 'text' | 'marks'>): string[] =>
  marks.map(([start, end]) => text.slice(start, end))

describe('what is found', () => {
  test('prompts, answers and what tools were given; not what they gave, nor what was thought', async () => {
    await using kept = openKept()
    const transcript = createTranscript()
    transcript.prompt('Look for the walrus')
    transcript.thinking('a walrus, I think')
    const use = transcript.tool('Bash', { command: 'grep -r walrus src' })
    transcript.result(use, 'src/zoo.ts: walrus')
    transcript.answer('The walrus is in src/zoo.ts')
    await kept.take(writeTranscript(kept.projects, transcript))
    const { hits, count } = await search(kept, 'walrus')
    expect(hits.map(({ message }) => message.kind).sort()).toEqual(['answer', 'prompt', 'tool'])
    expect(count).toBe(3)
    expect(hits.find(({ message }) => message.kind === 'tool')?.message.tool).toBe('Bash')
    expect(hits[0]).toMatchObject({ session: transcript.id, tool: 'claude-code', folder: '/home/me/project' })
  })

  test('all the words, wherever they stand; between quotes next to each other; a beginning with *', async () => {
    await using kept = await keptOf([
      'the login has a race condition',
      'a condition of the race at login',
      'migrations run late',
      'src/login.test.ts fails',
    ])
    expect((await textsOf(kept, 'race LOGIN condition')).length).toBe(2)
    expect(await textsOf(kept, '"race condition"')).toEqual(['the login has a race condition'])
    expect(await textsOf(kept, 'login.test')).toEqual(['src/login.test.ts fails'])
    expect(await textsOf(kept, 'migrat*')).toEqual(['migrations run late'])
    expect(await textsOf(kept, 'migrat')).toEqual([])
    expect(await textsOf(kept, 'race nowhere')).toEqual([])
  })

  test('accents and case are one, and so is how they are spelled', async () => {
    await using kept = await keptOf(['Crème BRÛLÉE for later', 'cre\u0300me to follow', 'Ünïted'])
    expect((await textsOf(kept, 'creme')).length).toBe(2)
    expect(await textsOf(kept, 'CRÈME brulee')).toEqual(['Crème BRÛLÉE for later'])
    expect(await textsOf(kept, 'united')).toEqual(['Ünïted'])
  })

  test('a forked session’s history once, and what is said in the fork', async () => {
    await using kept = openKept()
    const first = createTranscript()
    first.prompt('the pelican question')
    await kept.take(writeTranscript(kept.projects, first))
    const fork = createTranscript()
    for (const line of first.lines) fork.raw(line.replaceAll(first.id, fork.id))
    fork.prompt('the pelican goes on')
    await kept.take(writeTranscript(kept.projects, fork))
    expect((await search(kept, 'pelican')).hits.map(({ session }) => session).sort()).toEqual(
      [first.id, fork.id].sort(),
    )
  })
})

describe('odd input', () => {
  const odd = [
    '',
    ' ',
    '"',
    '""',
    '"""',
    '*',
    '* *',
    'NEAR',
    'NEAR(a b, 3)',
    'a AND OR NOT b',
    'text : walrus',
    '{text} : walrus',
    '^walrus',
    '-walrus',
    'wal"rus',
    "wal'rus; DROP TABLE words",
    '(((',
    'a + b',
    '🦭',
    '🦭 walrus',
    '\0',
    'wal\0rus',
    '\u001b[31mwalrus',
    '\ud800',
    '\u0301',
    'ﬀ ſ İ ı ß',
    'x'.repeat(10_000),
    'word '.repeat(2000),
    'a.'.repeat(5000),
    '"'.repeat(10_000),
    Array.from({ length: 5000 }, (_, at) => `w${at}`).join(' '),
  ]
  test('is an answer, never an error', async () => {
    await using kept = await keptOf(['the walrus sings'])
    for (const text of odd) expect(Array.isArray((await search(kept, text)).hits)).toBe(true)
    expect(await textsOf(kept, '🦭 walrus')).toEqual(['the walrus sings'])
    expect(await textsOf(kept, '(walrus)')).toEqual(['the walrus sings'])
    expect(await textsOf(kept, 'walrus AND')).toEqual([])
  })

  test('whatever it is', async () => {
    await using kept = await keptOf(['the walrus AND the carpenter', 'NEAR 🦭 "quoted"'])
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string({ unit: fc.constantFrom(...Array.from('ab"*^:(){}+-ANDORT \0')) }),
        ),
        async (text) => {
          const { hits } = await search(kept, text)
          for (const hit of hits) expect(hit.text.isWellFormed()).toBe(true)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('words of a message find it, and what is marked are those words', async () => {
    const word = fc.string({
      unit: fc.constantFrom(...Array.from('abcXYZ019éÀñßжЖ中')),
      minLength: 1,
      maxLength: 6,
    })
    await using kept = openKept()
    let number = 0
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 8 }), fc.nat(), async (words, at) => {
        const transcript = createTranscript()
        const own = `own${++number}`
        transcript.prompt(`${own} ${words.join(', ')}`)
        await kept.take(writeTranscript(kept.projects, transcript))
        const wanted = words[at % words.length] ?? ''
        const { hits } = await search(kept, `${own} ${wanted}`)
        expect(hits.map(({ session }) => session)).toEqual([transcript.id])
        for (const hit of hits) expect(markedIn(hit)).toEqual(expect.arrayContaining([own, wanted]))
      }),
      { numRuns: 50 },
    )
  }, 60_000)
})

describe('marks', () => {
  test('count UTF-16 units of the text as it is', async () => {
    await using kept = await keptOf(['🦭🦭 Crème: the WALRUS\nand a walrus’s tusk'])
    const [hit] = (await search(kept, 'walrus creme')).hits
    expect(hit && markedIn(hit)).toEqual(['Crème', 'WALRUS', 'walrus'])
    expect(hit?.start).toBe(0)
    expect(hit?.length).toBe('🦭🦭 Crème: the WALRUS\nand a walrus’s tusk'.length)
  })

  test('of a long message the part is shown where most of the words stand near each other', async () => {
    const filler = 'nothing to see here '.repeat(100)
    await using kept = await keptOf([`walrus ${filler} the carpenter and the walrus 🦭 ${filler} carpenter`])
    const [hit] = (await search(kept, 'walrus carpenter')).hits
    expect(hit && markedIn(hit)).toEqual(['carpenter', 'walrus'])
    expect(hit?.text.length).toBeLessThanOrEqual(300)
    expect(hit?.text.isWellFormed()).toBe(true)
  })

  test('are whole words and phrases, none inside another word', async () => {
    await using kept = await keptOf(['cat category concat cat', 'a race, condition race'])
    const [hit] = (await search(kept, 'cat')).hits
    expect(hit?.marks).toEqual([
      [0, 3],
      [20, 23],
    ])
    const [phrase] = (await search(kept, '"race condition"')).hits
    expect(phrase && markedIn(phrase)).toEqual(['race, condition'])
  })
})

describe('order', () => {
  test('the best first: short messages that say it often', async () => {
    const filler = 'this and that and more '.repeat(30)
    await using kept = await keptOf([
      `${filler} walrus`,
      'walrus walrus walrus',
      `walrus ${filler}`,
      'a walrus here',
    ])
    const { hits, order } = await search(kept, 'walrus')
    expect(order).toBe('rank')
    expect(hits.slice(0, 2).map(({ text }) => text)).toEqual(['walrus walrus walrus', 'a walrus here'])
  })

  test('a word in more than 100,000 messages is answered newest first', async () => {
    await using kept = await keptOf(['common seed rare'])
    const many = 100_050
    const nth = kept.write((database) =>
      addMessages(database, many + 1, (n) => {
        if (n > many) return 'other other other'
        return n % 1000 === 0 ? 'common rare' : n % 2 === 0 ? 'common' : 'common other'
      }),
    )
    const ids = async (text: string, scope?: Scope) =>
      (await search(kept, text, scope, 3)).hits.map(({ message }) => nth(message.id))
    expect(await search(kept, 'common', {}, 3)).toMatchObject({ order: 'newest' })
    expect(await ids('common')).toEqual([many, many - 1, many - 2])
    expect(await ids('common', { tool: 'claude-code' })).toEqual([many, many - 1, many - 2])
    expect(await ids('common other')).toEqual([many - 1, many - 3, many - 5])
    // of a word in so many the newest are ranked: the best of them stands first, one that is older does not
    expect(await search(kept, 'other', {}, 3)).toMatchObject({
      order: 'rank',
      count: 50_025 + 1,
      ranked: 50_000,
    })
    expect(await ids('other')).toEqual([many + 1, many - 1, many - 3])
    // a common word beside a rare one narrows, and the rare one ranks
    expect(await search(kept, 'common rare', {}, 3)).toMatchObject({ order: 'rank', count: 101 })
    expect(await search(kept, 'common rare', {}, 3)).not.toHaveProperty('ranked')
    expect(await ids('common rare')).toEqual([100_000, 99_000, 98_000])
    expect(await ids('common rare', { tool: 'claude-code' })).toEqual([100_000, 99_000, 98_000])
  }, 60_000)
})

describe('narrowed', () => {
  test('to a tool, to a time, to a folder', async () => {
    await using kept = openKept()
    const at = Date.UTC(2026, 0, 1)
    const begin = async (cwd: string, days: number) => {
      const transcript = createTranscript({ cwd, at: at + days * 86_400_000 })
      transcript.prompt('walrus')
      await kept.take(writeTranscript(kept.projects, transcript))
      return transcript.id
    }
    const [one, below, other] = [
      await begin('/nowhere/one', 0),
      await begin('/nowhere/one/below', 1),
      await begin('/nowhere/one-other', 2),
    ]
    await kept.call('capture', {
      session: { id: '00000000000000aa', tool: 'cursor', startedAt: at },
      told: [
        { seq: 1, line: JSON.stringify({ type: 'captured.message', at, role: 'user', content: 'walrus' }) },
      ],
    })
    const sessions = async (scope: Scope) =>
      (await search(kept, 'walrus', scope)).hits.map(({ session }) => session).sort()
    expect(await sessions({})).toEqual([one, below, other, '00000000000000aa'].sort())
    expect(await sessions({ repository: { folder: '/nowhere/one' } })).toEqual([one, below].sort())
    expect(await sessions({ repository: { folder: '/nowhere' } })).toEqual([one, below, other].sort())
    expect(await sessions({ repository: { folder: '/elsewhere' } })).toEqual([])
    expect(await sessions({ tool: 'Cursor' })).toEqual(['00000000000000aa'])
    expect(await sessions({ since: at + 86_400_000 })).toEqual([below, other].sort())
    expect(await sessions({ since: at + 86_400_000, repository: { folder: '/nowhere/one' } })).toEqual([
      below,
    ])
  })
})
