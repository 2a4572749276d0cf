// A command action beside a bare `Bun.spawn` of the same command that is fed and read, and nothing else: from its spawn to
// its result, as the daemon runs it (a group of its own, a clean environment, bounds on everything), and from the call on
// a socket to the answer, with its beginning and its end written to disk in between.

import { openConnection } from '../../../src/client/connection.ts'
import { runCommand } from '../../../src/features/actions/command.ts'
import { inTurns, median, series } from '../rounds.ts'
import { rowOf } from '../report.ts'
import type { Stage } from '../stage.ts'

/** what a small script does: starts a shell, reads what it is given, says something */
const command = ['sh', '-c', 'read -r given; echo "$given"']
const args = { repository: 'paid', ref: 'refs/heads/main' }
/** in a row, whose median is one result */
const runs = 20

export const commandAction = async (stage: Stage) => {
  const rounds = stage.quick ? 5 : 15
  await using daemon = await stage.daemon()
  await using connection = await openConnection(daemon.socket)
  await connection.call('action.add', { name: 'small', kind: 'command', command })
  const { env } = daemon
  const floor = series(() => medianOf(() => bare(env)))
  const spawned = series(() => medianOf(() => asAction(env)))
  const called = series(() =>
    medianOf(async () => (await connection.call('action.run', { name: 'small', args })).result),
  )
  stage.say(`calls: ${rounds} rounds of a command, bare and as an action`)
  await called.measure()
  called.results.length = 0
  await stage.quiet()
  await inTurns(rounds, [floor, spawned, called])
  const row = (what: string, ours: readonly number[], bound: { least?: number; aim?: number }) =>
    rowOf({
      what: `a command action, ${what}, against a bare Bun.spawn of the same`,
      unit: 'ms',
      ours,
      floors: floor.results,
      better: 'less',
      ...bound,
      notes: [`sh that reads a line and says it; medians of ${runs} in a row`],
    })
  return [
    row('spawn to result', spawned.results, { least: 1.3 }),
    row('call to answer, with two writes to disk', called.results, { aim: 2 }),
  ]
}

const bare = async (env: Record<string, string>): Promise<unknown> => {
  const stdin = Buffer.from(`${JSON.stringify(args)}\n`)
  const child = Bun.spawn(command, { env, stdin, stdout: 'pipe', stderr: 'pipe' })
  const [said] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return JSON.parse(said)
}

const asAction = async (env: Record<string, string>): Promise<unknown> => {
  const { result } = await runCommand(
    { command },
    {
      args,
      marks: { PAID_RUN: 'run_1', PAID_ACTION: 'small' },
      signal: new AbortController().signal,
      surroundings: { env, umask: 0o022 },
      onStart: () => {},
      onStderr: () => {},
    },
  )
  return result
}

const medianOf = async (once: () => Promise<unknown>): Promise<number> => {
  const times: number[] = []
  for (let n = 0; n < runs; n++) {
    const startedAt = performance.now()
    const result = await once()
    times.push(performance.now() - startedAt)
    if (!Bun.deepEquals(result, args)) throw new Error(`It said ${JSON.stringify(result)}`)
  }
  return median(times)
}
