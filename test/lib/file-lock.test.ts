import { afterEach, beforeEach, expect, test } from 'bun:test'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { acquireFileLock, isLocked } from '../../src/lib/file-lock.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'paid-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Another process that takes the lock, says whether it has it, and keeps it until its stdin ends. */
const holder = (path: string) => {
  const code = `
    import { acquireFileLock } from ${JSON.stringify(join(import.meta.dir, '../../src/lib/file-lock.ts'))}
    const lock = acquireFileLock(process.argv[1])
    console.log(lock ? 'has it' : 'refused')
    if (lock) await Bun.stdin.text()
    process.exit()`
  const child = Bun.spawn([process.execPath, '-e', code, path], { stdin: 'pipe', stdout: 'pipe' })
  const reader = child.stdout.getReader()
  return { child, said: reader.read().then(({ value }) => new TextDecoder().decode(value).trim()) }
}

test('a lock held by another process is refused, and free the moment that process is killed', async () => {
  const path = join(folder, 'lock')
  expect(isLocked(path)).toBe(false)
  const { child, said } = holder(path)
  expect(await said).toBe('has it')
  expect(isLocked(path)).toBe(true)
  expect(acquireFileLock(path)).toBeUndefined()
  child.kill('SIGKILL')
  await child.exited
  expect(isLocked(path)).toBe(false)
  using lock = acquireFileLock(path)
  expect(lock).toBeDefined()
})

test('of eight who ask at once one gets it', async () => {
  const path = join(folder, 'lock')
  const all = Array.from({ length: 8 }, () => holder(path))
  const said = await Promise.all(all.map(({ said }) => said))
  expect(said.toSorted()).toEqual(['has it', ...Array.from({ length: 7 }, () => 'refused')])
  for (const { child } of all) child.kill()
  await Promise.all(all.map(({ child }) => child.exited))
})

test('a lock is given back when it is disposed of', async () => {
  const path = join(folder, 'lock')
  {
    using lock = acquireFileLock(path)
    expect(lock).toBeDefined()
    expect(statSync(path).mode & 0o777).toBe(0o600)
  }
  const { child, said } = holder(path)
  expect(await said).toBe('has it')
  child.kill()
  await child.exited
})

test('a passing lock is had by one process at a time, and leaves nothing behind', async () => {
  const path = join(folder, 'lock')
  const count = join(folder, 'count')
  writeFileSync(count, '0')
  const code = `
    import { readFileSync, writeFileSync } from 'node:fs'
    import { acquirePassingLock } from ${JSON.stringify(join(import.meta.dir, '../../src/lib/file-lock.ts'))}
    const [, path, count] = process.argv
    for (let left = 150; left > 0;) {
      using lock = acquirePassingLock(path)
      if (!lock) continue
      writeFileSync(count, String(Number(readFileSync(count, 'utf8')) + 1))
      left--
    }`
  const children = Array.from({ length: 4 }, () => Bun.spawn([process.execPath, '-e', code, path, count]))
  expect(await Promise.all(children.map(({ exited }) => exited))).toEqual([0, 0, 0, 0])
  expect(readFileSync(count, 'utf8')).toBe('600')
  expect(existsSync(path)).toBe(false)
}, 30_000)

test('a symlink or a folder where the lock belongs is refused, and what it points to is left alone', () => {
  const target = join(folder, 'target')
  writeFileSync(target, 'mine')
  symlinkSync(target, join(folder, 'link'))
  symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'))
  mkdirSync(join(folder, 'dir'))
  expect(() => acquireFileLock(join(folder, 'link'))).toThrow('symbolic link')
  expect(() => acquireFileLock(join(folder, 'dangling'))).toThrow('symbolic link')
  expect(() => acquireFileLock(join(folder, 'dir'))).toThrow('folder')
  expect(isLocked(join(folder, 'link'))).toBe(false)
})
