// The one test command: `npm test`, `bun run test`. The static steps come first and the first that fails ends it; then
// the tests of the source and the end-to-end tests against `dist/paid`, both, whatever the first says. The last
// line is always the sum: `N passed, N failed, N skipped`. Words after the command choose test files by their path
// (`npm test -- events`); from the first flag on, arguments go to `bun test` (`npm test -- locks -t 'second acquire'`).

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { runTests, type Counts } from './test-groups.ts'

const root = join(import.meta.dir, '..')
const bun = process.execPath
const sum: Counts = { passed: 0, failed: 0, skipped: [] }

const committed =
  'README.md LICENSE package.json package-lock.json bunfig.toml tsconfig.json .gitignore .ci src test scripts'
const made = 'dist node_modules .git .claude-cli'
const topLevel = new Set(`${committed} ${made}`.split(' '))

const heading = (name: string) => console.log(`\n── ${name}`)

const finish = (): never => {
  if (sum.skipped.length > 0) heading('skipped')
  for (const skipped of sum.skipped) console.log(skipped)
  console.log(`\n${sum.passed} passed, ${sum.failed} failed, ${sum.skipped.length} skipped`)
  process.exit(sum.failed > 0 ? 1 : 0)
}

/** A step without tests of its own: when it fails it is the one failure, and nothing after it makes sense. */
const step = async (name: string, run: () => boolean | Promise<boolean>) => {
  heading(name)
  if (await run()) return
  console.error(`(fail) ${name}`)
  sum.failed++
  finish()
}

const command =
  (...args: string[]) =>
  async () => {
    const child = Bun.spawn([bun, ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    return (await child.exited) === 0
  }

const layoutHolds = () => {
  const strangers = readdirSync(root).filter((name) => !topLevel.has(name))
  for (const name of strangers) console.error(`${name} does not belong at the top of the repository`)
  return strangers.length === 0
}

const group = async (name: string, files: string[], flags: string[]) => {
  if (files.length === 0) return
  heading(`${name}, ${files.length} files`)
  const { passed, failed, skipped } = await runTests(root, files, flags)
  sum.passed += passed
  sum.failed += failed
  sum.skipped.push(...skipped)
}

const args = process.argv.slice(2)
const firstFlag = args.findIndex((arg) => arg.startsWith('-'))
const filters = firstFlag < 0 ? args : args.slice(0, firstFlag)
const flags = firstFlag < 0 ? [] : args.slice(firstFlag)
const chosen = [...new Bun.Glob('test/**/*.test.ts').scanSync(root)]
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .sort()
const needsBinary = (file: string) => /^test\/(e2e|guards)\//.test(file)

// `--bun`: the tools are scripts for node, and a machine may have none.
await step('layout', layoutHolds)
await step('format', command('run', '--bun', 'format', '--check'))
await step(
  'lint',
  command('run', '--bun', 'oxlint', '-c', 'scripts/oxlint.json', '--type-aware', 'src', 'test', 'scripts'),
)
await step('types', command('check'))
await step('build', command('scripts/build.ts'))
await step('choice of tests', () => {
  console.log(`${chosen.length} files`)
  return chosen.length > 0
})
await group(
  'source',
  chosen.filter((file) => !needsBinary(file)),
  flags,
)
await group('end to end', chosen.filter(needsBinary), flags)
finish()
