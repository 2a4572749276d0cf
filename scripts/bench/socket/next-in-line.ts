// How soon the next in line has a lock that its holder gives back.

import type { TestDaemon } from '../../../test/support/daemon.ts'
import type { Handover, HandoverOptions } from '../handover.ts'
import { rowOf, type Row } from '../report.ts'
import { inTurns, median, series } from '../rounds.ts'
import type { Stage } from '../stage.ts'
import type { Times } from './exchanges.ts'

export const nextInLine = async (
  stage: Stage,
  { socket }: TestDaemon,
  { rounds, warmMs, runMs }: Times,
): Promise<Row[]> => {
  const options: HandoverOptions = { socket, warmMs, runMs }
  const found = series(() => stage.measure<Handover>('handover.ts', options, warmMs + runMs))
  stage.say(`socket: ${rounds} rounds of a lock that goes to the next in line`)
  await inTurns(rounds, [found])
  const { results } = found
  const p50 = median(results.map((each) => each.p50)).toFixed(2)
  const count = results.reduce((sum, each) => sum + each.count, 0)
  return [
    rowOf({
      what: 'a lock given back until the next in line has it, p99',
      unit: 'ms',
      ours: results.map((each) => each.p99),
      better: 'less',
      least: 5,
      notes: [`p50 ${p50} ms; ${count} times`],
    }),
  ]
}
