// Publishing over paid.sock, durable, one connection with 64 calls under way, against a server of lines that parses
// each call and gives it back.

import type { TestDaemon } from '../../../test/support/daemon.ts'
import { loadRow, type Row } from '../report.ts'
import { callLine, publishParams } from '../requests.ts'
import { inTurns, series } from '../rounds.ts'
import type { Stage } from '../stage.ts'
import type { Times } from './exchanges.ts'

const inFlight = 64

export const publishes = async (stage: Stage, daemon: TestDaemon, times: Times): Promise<Row[]> => {
  const { rounds, warmMs, runMs } = times
  const path = `${stage.folder}/echo.sock`
  await using echo = await stage.serve('echo', path)
  const line = callLine('event.publish', publishParams)
  const floor = series(() =>
    stage.load({ server: echo.pid, warmMs, runMs, lines: { socket: path, line, inFlight } }),
  )
  const ours = series(() =>
    stage.load({ server: daemon.pid, warmMs, runMs, lines: { socket: daemon.socket, line, inFlight } }),
  )
  stage.say(`socket: ${rounds} rounds of durable publishing`)
  await inTurns(rounds, [floor, ours])
  return [
    loadRow(`NDJSON publish, durable, 1 connection, ${inFlight} in flight`, {
      ours: ours.results,
      floors: floor.results,
      least: 0.12,
      aim: 0.2,
    }),
  ]
}
