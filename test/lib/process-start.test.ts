import { expect, test } from 'bun:test'
import { processStart } from '../../src/lib/process-start.ts'

test('a process has one start for as long as it lives, and none when it is gone', async () => {
  const child = Bun.spawn([process.execPath, '-e', 'process.stdin.resume()'], { stdin: 'pipe' })
  const start = processStart(child.pid)
  expect(start).toMatch(/./)
  expect(processStart(child.pid)).toBe(start)
  await child.stdin.end()
  await child.exited
  expect(processStart(child.pid)).toBeUndefined()
})
