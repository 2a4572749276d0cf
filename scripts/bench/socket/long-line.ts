// What a client that sends 32 MiB without a newline does to the others: the pings of one of them, with and without it.

import type { TestDaemon } from '../../../test/support/daemon.ts'
import type { Disturbed, DisturbedOptions } from '../disturbed.ts'
import { rowOf, type Row } from '../report.ts'
import { inTurns, median, series } from '../rounds.ts'
import type { Stage } from '../stage.ts'
import type { Times } from './exchanges.ts'

const mebibytes = 32

export const longLine = async (stage: Stage, daemon: TestDaemon, times: Times): Promise<Row[]> => {
  const { warmMs, runMs } = times
  const options: DisturbedOptions = { socket: daemon.socket, bytes: mebibytes * 2 ** 20, warmMs, runMs }
  const found = series(() => stage.measure<Disturbed>('disturbed.ts', options, warmMs + runMs))
  stage.say(`socket: ${times.rounds} rounds of a line of ${mebibytes} MiB`)
  await inTurns(times.rounds, [found])
  const { results } = found
  const middle = (of: (one: Disturbed) => number) => median(results.map(of)).toFixed(2)
  return [
    rowOf({
      what: `by how much ${mebibytes} MiB without a newline delay others' pings, p99`,
      unit: 'ms',
      ours: results.map(({ quiet, disturbed }) => disturbed - quiet),
      better: 'less',
      least: 5,
      notes: [
        `p99 ${middle(({ quiet }) => quiet)} ms undisturbed, ${middle(({ disturbed }) => disturbed)} ms while ` +
          `it was sent, which took ${middle(({ floodMs }) => floodMs)} ms; ${middle(({ pings }) => pings)} pings in it`,
      ],
    }),
  ]
}
