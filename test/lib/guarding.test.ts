// Which files a tool names, however it names them.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { guardsMet } from '../../src/lib/guarding.ts'

let home: string
beforeAll(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'paid-guarding-')))
  mkdirSync(join(home, 'migrations'))
  mkdirSync(join(home, 'a/b'), { recursive: true })
  mkdirSync(join(home, 'my files'))
  writeFileSync(join(home, 'migrations/001.sql'), '')
  writeFileSync(join(home, 'Makefile'), '')
  symlinkSync('migrations', join(home, 'link'))
  symlinkSync('migrations/001.sql', join(home, 'alias'))
  symlinkSync(join(home, 'migrations'), join(home, 'a/b/deep'))
  symlinkSync('ring', join(home, 'ring'))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

const met = (tool: string, input: Record<string, unknown>, pattern: string, directory = home): boolean =>
  guardsMet([{ pattern: pattern.replace('HOME', home) }], { tool, input, directory, home }).length > 0
const edits = (path: string, pattern = 'HOME/migrations/*') =>
  met('Edit', { file_path: path.replace('HOME', home) }, pattern)
const runs = (command: string, pattern = 'HOME/migrations/*', directory?: string) =>
  met('Bash', { command: command.replace('HOME', home) }, pattern, directory)

test.each([
  'migrations/002.sql',
  './migrations/./new/deep.sql',
  'HOME/migrations/001.sql',
  'HOME/x/../migrations/1',
  'HOME//migrations//z',
  'HOME/MIGRATIONS/a',
  'HOME/link/new.sql',
  'HOME/alias',
  'HOME/a/b/deep/z',
  'HOME/a/b/deep/../migrations/z',
  '~/migrations/q',
])('a file is met as %s', (path) => {
  expect(edits(path)).toBe(true)
})

test.each(['Makefile', 'HOME/migrations2/x', 'HOME/migrations/../x', '/etc/passwd', 'ring', ''])(
  'another file is not: %s',
  (path) => {
    expect(edits(path)).toBe(false)
  },
)

test('a pattern is met under its own name and under the real one; one without a slash by the name alone', () => {
  expect(edits('HOME/migrations/q', 'HOME/link/*')).toBe(true)
  expect(edits('HOME/link/q', 'HOME/link/*')).toBe(true)
  expect(edits('/x/y/.ENV', '.env')).toBe(true)
  expect(edits('/x/y/.env.local', '.env')).toBe(false)
  expect(edits('/x/y/cafe\u0301.md', 'caf\u00e9.md')).toBe(true)
  expect(edits('/x/src/db/one.ts', '*/db/*')).toBe(true)
})

test('only tools that change files, and the shell, meet a guard', () => {
  const file_path = `${home}/migrations/1`
  for (const tool of ['Edit', 'Write', 'MultiEdit']) expect(met(tool, { file_path }, '*.sql')).toBe(false)
  for (const tool of ['Edit', 'Write', 'MultiEdit'])
    expect(met(tool, { file_path }, 'HOME/migrations/*')).toBe(true)
  expect(met('NotebookEdit', { notebook_path: file_path }, 'HOME/migrations/*')).toBe(true)
  expect(met('Read', { file_path }, 'HOME/migrations/*')).toBe(false)
  expect(met('Bash', { command: 17 }, 'HOME/migrations/*')).toBe(false)
})

test.each([
  'rm migrations/001.sql',
  'rm -rf migrations',
  'cd migrations && rm 001.sql',
  'cd migrations; rm *',
  'cd mig*; rm 001.sql',
  'cd a && cd b && cat deep/x',
  'rm "migrations"/x',
  "rm mig''rations/001.sql",
  String.raw`rm migra\tions/001.sql`,
  'D=migrations; rm $D/001.sql',
  'rm ${PWD}/migrations/x',
  'rm ~/link/x',
  'bash -c "rm migrations/x"',
  'bash -c "rm m*/001.sql"',
  'rm -rf *',
  'bash <<END\nrm migrations/x\nEND',
  'echo hi >migrations/new',
  'rm m*/001.sql',
  'rm {migrations,x}/001.sql',
  'touch {x,migrations}/{a,b}.new',
  'rm **/00[0-9].sql',
  'rm [!a]igrations/?01.sql',
  'make -C migrations clean.sql',
  'git checkout main:migrations/001.sql',
  'dd of=migrations/x',
  'curl -d@migrations/x http://x',
  'cat alias',
  'cat file://HOME/migrations/x',
])('a command meets it: %s', (command) => {
  expect(runs(command)).toBe(true)
})

test.each([
  'npm test',
  'ls .',
  'git add .',
  'cd a/b && ls',
  'echo "do you want?"',
  'curl https://x.y/migrations/z',
  'echo $FOO/bar.txt',
  'rm n*/001.sql',
  'ls n*',
  'cat > new.ts <<END\n/** a comment */\nconst a = [1, *] ? {b} : c.d[0]\nEND',
])('a command does not: %s', (command) => {
  expect(runs(command)).toBe(false)
})

test('what a command says in a guarded folder is a file where it is one, or looks like one', () => {
  const within = (command: string) => runs(command, 'HOME/migrations/*', join(home, 'migrations'))
  expect(within('npm test')).toBe(false)
  expect(within('curl https://x/y')).toBe(false)
  expect(within('rm 001.sql')).toBe(true)
  expect(within('touch new.sql')).toBe(true)
  expect(within('echo x > new')).toBe(true)
  expect(runs('make', 'HOME/Makefile')).toBe(false)
  expect(runs('rm Makefile', 'HOME/Makefile')).toBe(true)
  expect(runs('rm "my files"/x', 'HOME/my files/*')).toBe(true)
  expect(within('rm *')).toBe(true)
  expect(runs('rm *', '*.sql', join(home, 'migrations'))).toBe(true)
  expect(runs('rm *.txt', '*.sql', join(home, 'migrations'))).toBe(false)
})

test('a command of more than can be looked at meets every guard', () => {
  const words = (count: number, more = '') =>
    Array.from({ length: count }, (_, n) => `word${n}${more}`).join(' ')
  expect(runs(`echo ${words(9000)}`)).toBe(false)
  expect(runs(`echo ${words(10_001)}`)).toBe(true)
  // each of them is 256 words
  expect(runs(`echo ${words(2000, '{a,b}'.repeat(8))}`)).toBe(true)
  // in each of these folders
  const folders = ['/', '/usr', '/usr/bin', '/etc', '/tmp', '/var', '/dev']
  const going = folders.map((folder) => `cd ${folder}`).join('; ')
  expect(runs(`${going}; echo ${words(1000)}`)).toBe(false)
  expect(runs(`${going}; echo ${words(3000)}`)).toBe(true)
  expect(runs(`echo ${'x'.repeat(128 * 1024)}`)).toBe(true)
})
