// Jobs that run every second, and a daemon that is killed at any moment: what each firing does is done once at most, and
// what the log says of it is what happened.

import { expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDaemon, temporaryHome } from '../support/daemon.ts'

const kills = 6
const ids = ['a', 'b', 'c']

test('no firing happens twice, however often the daemon is killed', async () => {
  const home = temporaryHome()
  const folder = mkdtempSync(join(tmpdir(), 'paid-killed-'))
  const done = join(folder, 'done')
  const lines = () => (existsSync(done) ? readFileSync(done, 'utf8').trim().split('\n') : [])
  try {
    let daemon = await startDaemon({ home })
    // short enough that the shell writes it in one piece
    await daemon.run([
      'actions',
      'add',
      'note',
      '--',
      '/bin/sh',
      '-c',
      `echo "$PAID_CAUSE" >> '${done}'; sleep 0.05`,
    ])
    for (const id of ids)
      await daemon.run([
        'jobs',
        'add',
        id,
        '--cron',
        '* * * * * *',
        '--seconds',
        '--do',
        'note',
        '--missed',
        'run-all',
      ])
    for (let kill = 0; kill < kills; kill++) {
      const before = lines().length
      while (lines().length <= before) await Bun.sleep(5)
      // in the middle of a firing, just before one, and between
      await Bun.sleep((kill * 137) % 1000)
      await daemon.kill('SIGKILL')
      daemon = await startDaemon({ home })
    }
    const before = lines().length
    while (lines().length < before + ids.length) await Bun.sleep(5)
    for (const id of ids) await daemon.run(['jobs', 'remove', id])

    const events: { channel: string; type: string; data: { planned: number; attempt: number } }[] = []
    for (const id of ids) {
      const { stdout } = await daemon.run(['events', '--channel', `job:${id}`, '--json', '-n', '1000'])
      events.push(...JSON.parse(stdout))
    }
    const named = (type: string) =>
      events.filter((event) => event.type === type).map(({ channel, data }) => `${channel}@${data.planned}`)
    const started = named('job.started')
    const noted = lines()
    expect(new Set(noted).size).toBe(noted.length)
    expect(new Set(started).size).toBe(started.length)
    expect(noted.filter((cause) => !started.includes(cause))).toEqual([])
    // what was not done was lost with the daemon
    const lost = new Set([...named('job.lost'), ...named('job.failed')])
    expect(started.filter((cause) => !noted.includes(cause) && !lost.has(cause)).length).toBeLessThanOrEqual(
      ids.length,
    )
    expect(named('job.finished').filter((cause) => !noted.includes(cause))).toEqual([])
    // and every second that was planned was begun, or left out because the run before went on
    const planned = new Set([...started, ...named('job.skipped')].map((name) => Number(name.split('@')[1])))
    const seconds = [...planned].toSorted((a, b) => a - b)
    expect(seconds.slice(1).every((second, n) => second - (seconds[n] ?? 0) === 1000)).toBe(true)
    await daemon.stop()
  } finally {
    rmSync(home, { recursive: true, force: true })
    rmSync(folder, { recursive: true, force: true })
  }
}, 90_000)
