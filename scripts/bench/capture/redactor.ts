// The redactor: bytes each second on what sessions are full of, and on text that was made to be its worst, of two lengths:
// eight times the length is eight times the work, whatever it says.

import { redact } from '../../../src/lib/redact.ts'
import { hostile } from '../../../test/support/hostile.ts'
import { innocents, seeded } from '../../../test/support/secrets.ts'
import { rowOf, type Row } from '../report.ts'
import type { Stage } from '../stage.ts'

const MiB = 2 ** 20
const leastPerSecond = 50
/** the long text may cost so much more a byte than the short one */
const mostGrowth = 3
const long = 8

const prose =
  'The login fails for addresses with a plus sign, since the form is not decoded before it is compared. I will look at ' +
  '`src/login.ts` first, then write a test that says so.\n```ts\nexport const sameUser = (a: User, b: User): boolean =>\n' +
  '  a.address.toLowerCase() === b.address.toLowerCase()\n```\nThe session is kept elsewhere; both files are small.\n'

const transcript = (bytes: number): string => {
  const random = seeded(7)
  const parts: string[] = []
  for (let length = 0; length < bytes;) {
    const part = `${prose.repeat(6)}${innocents(random).join('\n')}\n`
    parts.push(part)
    length += part.length
  }
  return parts.join('').slice(0, bytes)
}

/** MB each second. */
const speedOn = (text: string): number => {
  const startedAt = performance.now()
  redact(text)
  return Buffer.byteLength(text) / 1e3 / (performance.now() - startedAt)
}

export const redactor = (stage: Stage): Row[] => {
  stage.say('capture: the redactor on transcripts, and on hostile text')
  const text = transcript(long * MiB)
  speedOn(text.slice(0, MiB))
  const ours = Array.from({ length: stage.quick ? 3 : 7 }, () => speedOn(text))
  const worst = Object.entries(hostile).map(([name, part]) => {
    const whole = part.repeat(Math.ceil((long * MiB) / part.length)).slice(0, long * MiB)
    const best = (measured: string) => Math.max(...Array.from({ length: 2 }, () => speedOn(measured)))
    return { name, short: best(whole.slice(0, MiB)), whole: best(whole) }
  })
  const growth = Math.max(...worst.map(({ short, whole }) => short / whole))
  return [
    rowOf({
      what: 'redactor, text like transcripts',
      unit: 'MB/s',
      ours,
      better: 'more',
      least: leastPerSecond,
      notes: [],
    }),
    rowOf({
      what: `redactor, its worst input: a byte of ${long} MiB against one of 1 MiB`,
      unit: 'times',
      ours: [growth],
      better: 'less',
      least: mostGrowth,
      notes: worst.map(
        ({ name, short, whole }) =>
          `${name}: ${short.toFixed(0)} MB/s at 1 MiB, ${whole.toFixed(0)} at ${long}`,
      ),
    }),
  ]
}
