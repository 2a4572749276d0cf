// Guard 14 for actions: what a daemon left behind is ended, and nothing else is ever signalled in its place.

import { expect, test } from 'bun:test'
import { Database } from 'bun:sqlite'
import { readFileSync } from 'node:fs'
import { processStart } from '../../src/lib/process-start.ts'
import { openEngine, temporaryFolder } from '../support/engine.ts'

type Left = { run: string; pid: number | null; start: string | null }

/** A daemon that begins where another one died with these runs. */
const beginAfter = async (left: readonly Left[]) => {
  using folder = temporaryFolder()
  openEngine(folder.path).close()
  using database = new Database(`${folder.path}/paid.db`)
  for (const { run, pid, start } of left)
    database.run('INSERT INTO action_runs VALUES (?, ?, ?, ?, ?, ?, ?)', [
      run,
      '',
      'x',
      'test:ann',
      1,
      pid,
      start,
    ])
  database.close()
  const engine = openEngine(folder.path)
  const all = Promise.withResolvers<void>()
  const lost: unknown[] = []
  engine.observers.push((events) => {
    for (const { type, data } of events) if (type === 'action.failed') lost.push(data)
    if (lost.length === left.length) all.resolve()
  })
  await all.promise
  await engine.end()
  return lost
}

const sleeper = (run: string, script = 'exec sleep 600') => {
  const child = Bun.spawn(['sh', '-c', script], {
    detached: true,
    env: { ...process.env, PAID_RUN: run },
    stdout: 'pipe',
    stderr: 'ignore',
  })
  return {
    pid: child.pid,
    child,
    [Symbol.dispose]: () => {
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        // it is gone, as it should be
      }
    },
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test('a run is ended by its pid and its start', async () => {
  using left = sleeper('run_a')
  const lost = await beginAfter([{ run: 'run_a', pid: left.pid, start: processStart(left.pid) ?? '' }])
  expect(lost).toEqual([{ run: 'run_a', reason: 'lost', error: 'The daemon died while it ran' }])
  expect(isAlive(left.pid)).toBe(false)
})

test('another process that has the pid now is left alone, whoever it is', async () => {
  using other = sleeper('run_of_another_home')
  await beginAfter([
    { run: 'run_a', pid: other.pid, start: '12345' },
    { run: 'run_b', pid: 1, start: '1' },
    { run: 'run_c', pid: process.pid, start: '1' },
    { run: 'run_d', pid: 0, start: '0' },
    { run: 'run_e', pid: -1, start: '0' },
  ])
  expect(isAlive(other.pid)).toBe(true)
})

test.skipIf(process.platform !== 'linux')(
  'one whose pid was not noted yet, or whose first process is gone, is found by its mark',
  async () => {
    using early = sleeper('run_early')
    using parted = sleeper('run_parted', 'sleep 600 & echo $!')
    const { value } = await parted.child.stdout.getReader().read()
    const rest = Number(new TextDecoder().decode(value))
    const start = processStart(parted.pid) ?? ''
    await parted.child.exited
    expect([early.pid, rest].map(isAlive)).toEqual([true, true])
    await beginAfter([
      { run: 'run_early', pid: null, start: null },
      { run: 'run_parted', pid: parted.pid, start },
    ])
    expect([early.pid, rest].map(isAlive)).toEqual([false, false])
  },
)

test.skipIf(!Bun.which('setsid'))('a daemon that such a run started is no part of it', async () => {
  // as `paid start` does: a session of its own, with what it inherited
  using run = sleeper('run_a', 'setsid sleep 600 & echo $!; exec sleep 600')
  const { value } = await run.child.stdout.getReader().read()
  const daemon = Number(new TextDecoder().decode(value))
  try {
    await beginAfter([{ run: 'run_a', pid: run.pid, start: processStart(run.pid) ?? '' }])
    expect([run.pid, daemon].map(isAlive)).toEqual([false, true])
  } finally {
    process.kill(daemon, 'SIGKILL')
  }
})
