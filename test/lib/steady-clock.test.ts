// The clock that only time moves.

import { expect, test } from 'bun:test'
import { openSteadyClock } from '../../src/lib/steady-clock.ts'

test('goes on, and wakes at its own instant', async () => {
  const clock = openSteadyClock()
  const at = clock.now() + 20
  await new Promise<void>((resolve) => clock.wake(at, resolve))
  expect(clock.now()).toBeGreaterThanOrEqual(at)
})

test('waits for an instant that lies beyond what a timer can count, and can be called off', async () => {
  const clock = openSteadyClock()
  const woken: string[] = []
  const month = 30 * 24 * 3600 * 1000
  const forget = clock.wake(clock.now() + month, () => woken.push('in a month'))
  clock.wake(clock.now() + 5, () => woken.push('called off'))()
  await new Promise<void>((resolve) => clock.wake(clock.now() + 30, resolve))
  expect(woken).toEqual([])
  forget()
})

test.skipIf(process.platform !== 'linux')('two processes of one boot read one clock', () => {
  const source = `import { openSteadyClock } from ${JSON.stringify(new URL('../../src/lib/steady-clock.ts', import.meta.url).pathname)}
    const { now, boot } = openSteadyClock()
    console.log(JSON.stringify([now(), boot]))`
  const clock = openSteadyClock()
  const before = clock.now()
  const { stdout } = Bun.spawnSync([process.execPath, '-e', source])
  const [other, boot]: [number, string] = JSON.parse(stdout.toString())
  expect(boot).toBe(clock.boot)
  expect(other).toBeGreaterThanOrEqual(before)
  expect(other).toBeLessThanOrEqual(clock.now())
})
