// Publishing over paid.sock, durable, one connection with 64 calls under way, against a server of lines that parses
// each call and gives it back.

import { inTurns, series } from './rounds.ts'
import { loadRow } from './report.ts'
import { callLine, publishParams } from './requests.ts'
import type { Suite } from './stage.ts'

const inFlight = 64

export const socket: Suite = async (stage) => {
  const rounds = stage.quick ? 3 : 5
  const times = stage.quick ? { warmMs: 300, runMs: 700 } : { warmMs: 500, runMs: 1500 }
  await using daemon = await stage.daemon()
  const path = `${stage.folder}/echo.sock`
  await using echo = await stage.serve('echo', path)
  const line = callLine('event.publish', publishParams)
  const floor = series(() =>
    stage.load({ server: echo.pid, ...times, lines: { socket: path, line, inFlight } }),
  )
  const ours = series(() =>
    stage.load({ server: daemon.pid, ...times, lines: { socket: daemon.socket, line, inFlight } }),
  )
  stage.say(`socket: ${rounds} rounds`)
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
