// `bun scripts/crash.ts [--rounds 1000] [--seed N]`: the crash test of test/e2e, for as long as one likes. Prints its
// seed first; with the same seed the same moments are tried again. Needs `dist/paid`.

import { parseArgs } from 'node:util'
import { crashRounds } from '../test/support/crash.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '1000' }, seed: { type: 'string' } },
})
const rounds = Number(values.rounds)
const seed = Number(values.seed ?? Date.now() % 2 ** 31)
if (!Number.isSafeInteger(rounds) || rounds < 1 || !Number.isSafeInteger(seed)) {
  console.error('usage: bun scripts/crash.ts [--rounds N] [--seed N]')
  process.exit(2)
}
console.log(`seed ${seed}`)
const { broken, ...report } = await crashRounds({ rounds, seed, maxMs: Infinity })
console.log(report)
for (const line of broken.slice(0, 50)) console.error(line)
console.log(broken.length === 0 ? 'every promise was kept' : `${broken.length} promises were broken`)
process.exit(broken.length === 0 ? 0 : 1)
