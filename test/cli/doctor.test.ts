import { expect, test } from 'bun:test'
import { judgeDisk } from '../../src/cli/doctor/disk.ts'

const MiB = 2 ** 20

test('a disk is judged by the room that is left on it', () => {
  const judge = (freeBytes: number, noFilesLeft = false) =>
    judgeDisk({ freeBytes, noFilesLeft }, '/home/dev/.paid')
  expect(judge(50_000 * MiB)).toEqual({ name: 'disk', state: 'ok', found: '48 GiB free', advice: null })
  expect(judge(1023 * MiB)).toMatchObject({ state: 'warning', found: '1023 MiB free' })
  expect(judge(63 * MiB)).toMatchObject({
    state: 'failed',
    advice: expect.stringContaining('/home/dev/.paid'),
  })
  expect(judge(50_000 * MiB, true)).toMatchObject({
    state: 'failed',
    found: expect.stringContaining('no more files'),
  })
})
