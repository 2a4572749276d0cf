// What our `post-commit` adds to a commit: the same commit in two repositories, with the hook and without, in turns.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { timed } from '../command.ts'
import { rowOf } from '../report.ts'
import { inTurns, median, series } from '../rounds.ts'
import type { Suite } from '../stage.ts'

const mostMs = 15

export const commit: Suite = async (stage) => {
  const rounds = stage.quick ? 30 : 100
  await using daemon = await stage.daemon({ config: { capture: { writePrompts: 'never' } } })
  const { env } = daemon

  const repository = (name: string): string => {
    const folder = join(stage.folder, name)
    mkdirSync(folder)
    for (const words of [
      ['init', '-q'],
      ['config', 'user.name', 'bench'],
      ['config', 'user.email', 'bench@example.com'],
    ])
      Bun.spawnSync(['git', ...words], { cwd: folder, env })
    return folder
  }
  const commitIn = (folder: string) =>
    series(() => timed({ command: ['git', '-C', folder, 'commit', '-q', '--allow-empty', '-m', 'x'], env }))

  const hooked = repository('hooked')
  const { exitCode, stderr } = Bun.spawnSync([stage.binary, 'hooks', 'install', '--git'], {
    cwd: hooked,
    env,
  })
  if (exitCode !== 0) throw new Error(`the hook could not be installed: ${stderr.toString()}`)
  const [bare, ours] = [commitIn(repository('bare')), commitIn(hooked)]
  stage.say(`commit: ${rounds} rounds of git commit, with the hook and without`)
  await stage.quiet()
  await inTurns(rounds, [bare, ours])
  const added = ours.results.map((ms, round) => ms - (bare.results[round] ?? Number.NaN))
  const slowest = Math.max(...added).toFixed(1)
  return [
    rowOf({
      what: 'post-commit hook, added to `git commit`, p50',
      unit: 'ms',
      ours: added,
      better: 'less',
      least: mostMs,
      notes: [
        `a commit alone takes ${median(bare.results).toFixed(1)} ms; the most that was added is ${slowest} ms`,
      ],
    }),
  ]
}
