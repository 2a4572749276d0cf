// `paid hook`, the whole process, as Claude Code waits for it: against curl doing the same, with no daemon, and with
// one that takes connections and never answers.

import { mkdirSync } from 'node:fs'
import { pathsOf } from '../../src/paths.ts'
import { timed } from './command.ts'
import { inTurns, series } from './rounds.ts'
import { rowOf, type Row } from './report.ts'
import { hookBody } from './requests.ts'
import type { Stage, Suite } from './stage.ts'

const mostMs = 400

export const hook: Suite = async (stage) => [await beside(stage), ...(await unanswered(stage))]

const beside = async (stage: Stage): Promise<Row> => {
  const rounds = stage.quick ? 30 : 100
  await using daemon = await stage.daemon()
  const { env } = daemon
  const json = ['-H', 'content-type: application/json', '--data-binary', '@-']
  const post = ['curl', '-s', '--unix-socket', daemon.httpSocket, ...json, 'http://localhost/hooks/claude']
  const curl = series(() => timed({ command: post, env, stdin: hookBody, says: '{}' }))
  const ours = series(() => timed({ command: [stage.binary, 'hook'], env, stdin: hookBody, says: '{}' }))
  stage.say(`hook: ${rounds} rounds of curl and paid hook`)
  await stage.quiet()
  await inTurns(rounds, [curl, ours])
  return rowOf({
    what: 'paid hook, whole process, daemon up, against curl --unix-socket',
    unit: 'ms',
    ours: ours.results,
    floors: curl.results,
    better: 'less',
    least: 1.3,
    notes: [`the slowest of ${rounds}: ours ${slowest(ours.results)} ms, curl ${slowest(curl.results)} ms`],
  })
}

const unanswered = async (stage: Stage): Promise<Row[]> => {
  const down = stage.environmentOf(stage.home())
  const hungHome = stage.home()
  const hung = stage.environmentOf(hungHome)
  const paths = pathsOf(hungHome)
  mkdirSync(paths.spool, { recursive: true, mode: 0o700 })
  const listener = Bun.listen({ unix: paths.httpSocket, socket: { data: () => undefined } })
  const run = (env: Record<string, string>) =>
    series(() => timed({ command: [stage.binary, 'hook'], env, stdin: hookBody }))
  const [noDaemon, hungDaemon] = [run(down), run(hung)]
  stage.say('hook: no daemon, and one that hangs')
  await inTurns(40, [noDaemon])
  await inTurns(stage.quick ? 10 : 40, [hungDaemon])
  listener.stop(true)
  const row = (what: string, { results }: typeof noDaemon) =>
    rowOf({
      what: `paid hook, ${what}, the slowest of ${results.length}`,
      unit: 'ms',
      ours: [Math.max(...results)],
      better: 'less',
      least: mostMs,
      notes: [],
    })
  return [row('no daemon', noDaemon), row('a daemon that hangs', hungDaemon)]
}

const slowest = (times: readonly number[]): string => Math.max(...times).toFixed(1)
