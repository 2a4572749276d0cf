// `paid status`, the whole process, against the least that a compiled program can do with one round trip on a socket.

import { timed } from './command.ts'
import { inTurns, series } from './rounds.ts'
import { rowOf } from './report.ts'
import type { Suite } from './stage.ts'

export const status: Suite = async (stage) => {
  const rounds = stage.quick ? 30 : 100
  await using daemon = await stage.daemon()
  const path = `${stage.folder}/hello.sock`
  await using _echo = await stage.serve('echo', path)
  const { env } = daemon
  const hello = await stage.floor('hello')
  const floor = series(() => timed({ command: [hello, path], env, says: '{"id":1' }))
  const ours = series(() => timed({ command: [stage.binary, 'status'], env, says: 'paid ' }))
  stage.say(`status: ${rounds} rounds`)
  await stage.quiet()
  await inTurns(rounds, [floor, ours])
  return [
    rowOf({
      what: 'paid status, whole process, against a compiled hello-world',
      unit: 'ms',
      ours: ours.results,
      floors: floor.results,
      better: 'less',
      least: 2,
      notes: [],
    }),
  ]
}
