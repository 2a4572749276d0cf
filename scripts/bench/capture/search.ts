// Searching a million messages, over the socket, one question after the other: words that are in few of them up to
// those in 100,000, which are ranked, and commoner ones, which are answered newest first.

import { join } from 'node:path'
import { createIngest } from '../../../src/archive/ingest.ts'
import { openArchiveFile } from '../../../src/archive/schema.ts'
import { openConnection } from '../../../src/client/connection.ts'
import { cpuOf, cpuOfMachine } from '../cpu.ts'
import { rowOf, type Row } from '../report.ts'
import type { Stage } from '../stage.ts'
import { numbers, words } from './transcripts.ts'

const all = 1_000_000
const some = 100_000
const perSession = 500
const mostMs = 100

/** marks of known frequency, among words that are as frequent as those of people */
const marks: Record<string, number> = {
  onceintenthousand: 0.0001,
  onceinathousand: 0.001,
  onceinahundred: 0.01,
  onceinthirty: 0.033,
  almostonceinten: 0.099,
  oftenerthanonceinten: 0.11,
  onceinthree: 0.33,
  almostalways: 0.9,
}
const ranked = [
  'onceintenthousand',
  'onceinathousand',
  'onceinahundred',
  'onceinthirty',
  'almostonceinten',
  'onceinathousand onceinahundred',
  'onceinahundred almostonceinten',
  '"onceinthirty almostonceinten"',
  'almostalways onceinathousand',
]
const common = ['oftenerthanonceinten', 'onceinthree', 'almostalways']

const random = numbers(20261121)

/** Each session is a conversation of prompts and answers, one after the other through the year. */
const fill = (path: string, messages: number): void => {
  using database = openArchiveFile(path)
  const ingest = createIngest(database, () => false)
  let at = Date.UTC(2025, 0, 1)
  for (let made = 0; made < messages; made += perSession) {
    const id = `bench-${made / perSession}`
    const lines = Array.from({ length: perSession }, (_, number) => {
      at += Math.floor(random() * 60_000)
      const said = [words(5 + Math.floor(random() * 40))]
      for (const [mark, share] of Object.entries(marks)) if (random() < share) said.push(mark)
      const type = number % 2 === 0 ? 'user' : 'assistant'
      const content = [{ type: 'text', text: said.join(' ') }]
      const timestamp = new Date(at).toISOString()
      return JSON.stringify({
        type,
        timestamp,
        cwd: '/home/somebody/project',
        message: { role: type, content },
      })
    })
    ingest.lines(id, 'claude-code', lines, () => {})
  }
}

export const searching = async (stage: Stage): Promise<Row[]> => {
  const messages = stage.quick ? some : all
  const count = messages.toLocaleString('en-US')
  stage.say(`capture: ${count} messages are written`)
  const home = stage.home()
  fill(join(home, 'archive.db'), messages)
  await using daemon = await stage.daemon({ home })
  await using connection = await openConnection(daemon.socket)
  await stage.quiet()

  const rounds = stage.quick ? 10 : 40
  const measure = async (texts: readonly string[], order: string) => {
    const times = new Map<string, number[]>(texts.map((text) => [text, []]))
    for (let round = -1; round < rounds; round++)
      for (const text of texts) {
        const startedAt = performance.now()
        const found = await connection.call('prompt.search', { text })
        // the first round warms
        if (round >= 0) times.get(text)?.push(performance.now() - startedAt)
        if (found.hits.length === 0 || (!stage.quick && found.order !== order))
          throw new Error(`${text}: ${found.hits.length} hits, ${found.order}`)
      }
    return times
  }
  stage.say(`capture: ${rounds} rounds of questions`)
  const row = async (what: string, texts: readonly string[], order: string): Promise<Row> => {
    const [ownBefore, allBefore, startedAt] = [cpuOf(daemon.pid), cpuOfMachine(), performance.now()]
    const times = await measure(texts, order)
    const own = (cpuOf(daemon.pid) ?? NaN) - (ownBefore ?? NaN)
    const others = (cpuOfMachine() ?? NaN) - (allBefore ?? NaN) - own
    const wall = performance.now() - startedAt
    const asked = texts.length * (rounds + 1)
    const whole = [...times.values()].flat().toSorted((a, b) => a - b)
    return rowOf({
      what: `search in ${count} messages, ${what}: p99`,
      unit: 'ms',
      ours: [at(whole, 0.99)],
      better: 'less',
      least: mostMs,
      notes: [
        `server CPU each: ${(own / asked).toFixed(1)} ms; cores of other programs: ${(others / wall).toFixed(2)}`,
        ...[...times].map(([text, each]) => {
          const sorted = each.toSorted((a, b) => a - b)
          return `${text}: p50 ${at(sorted, 0.5).toFixed(1)} ms, the slowest ${at(sorted, 1).toFixed(1)} ms`
        }),
      ],
    })
  }
  return [
    await row('words in up to 100,000 of them, ranked', ranked, 'rank'),
    await row('commoner words, newest first', common, 'newest'),
  ]
}

const at = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
