// Photon's ping against a bare server that parses and answers it: one at a time, and many under way.

import type { TestDaemon } from '../../../test/support/daemon.ts'
import type { Exchanged } from '../exchange.ts'
import { loadRow, rowOf, type Row } from '../report.ts'
import { inTurns, series } from '../rounds.ts'
import type { Running, Stage } from '../stage.ts'
import { exchange, type Times } from './exchanges.ts'

const inFlight = 64

export const pings = async (
  stage: Stage,
  daemon: TestDaemon,
  bare: Running,
  times: Times,
): Promise<Row[]> => {
  const connections = [{ asks: ['{"type":"ping","id":"p1"}'], answers: ['{"type":"pong"'] }]
  const measured = (at: number) => ({
    floor: series(() =>
      exchange(stage, { server: bare.pid, socket: bare.said, connections, inFlight: at }, times),
    ),
    ours: series(() =>
      exchange(stage, { server: daemon.pid, socket: daemon.socket, connections, inFlight: at }, times),
    ),
  })
  const [one, many] = [measured(1), measured(inFlight)]
  stage.say(`socket: ${times.rounds} rounds of pings`)
  await inTurns(times.rounds, [one.floor, one.ours, many.ours, many.floor])
  const p50 = ({ results }: typeof one.ours) => results.map(({ p50 = NaN }: Exchanged) => p50)
  const p99 = ({ results }: typeof one.ours) =>
    results.map(({ p99 = NaN }: Exchanged) => p99.toFixed(0)).join(', ')
  const load = ({ results }: typeof one.ours) => results.map((each: Exchanged) => each.measured)
  return [
    rowOf({
      what: 'photon ping, 1 connection, one at a time, p50',
      unit: 'µs',
      ours: p50(one.ours),
      floors: p50(one.floor),
      better: 'less',
      least: 1.6,
      notes: [`p99 of the rounds: ours ${p99(one.ours)} µs, floor ${p99(one.floor)} µs`],
    }),
    loadRow(`photon ping, 1 connection, ${inFlight} in flight`, {
      ours: load(many.ours),
      floors: load(many.floor),
      least: 0.5,
      aim: 0.7,
    }),
  ]
}
