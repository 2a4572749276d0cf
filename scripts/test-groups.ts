// Runs groups of test files with `bun test` and counts what came of them. Counts come from the JUnit report, and what
// the report cannot say (a file that did not load, a run that was cut short) counts as failed, so a sum without
// failures means that every file ran to its end.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Counts = { passed: number; failed: number; skipped: string[] }

type Case = { file: string; name: string; outcome: 'passed' | 'failed' | 'skipped' }

/** How long one group may take; the whole of `npm test` is meant to end within ten minutes on two cores. */
const groupMs = 540_000
const workers = 2
/** for one test: it waits for events, and two cores may be busy with something else */
const testMs = 30_000

/** Runs `files` (paths from `root`); `flags` go to `bun test` as they are. */
export const runTests = async (root: string, files: string[], flags: string[]): Promise<Counts> => {
  const folder = mkdtempSync(join(tmpdir(), 'paid-junit-'))
  const report = join(folder, 'junit.xml')
  const paths = files.map((file) => `./${file}`)
  try {
    const bounds = [`--parallel=${workers}`, `--timeout=${testMs}`, '--no-orphans']
    const reporting = ['--only-failures', '--reporter=junit', `--reporter-outfile=${report}`]
    const child = Bun.spawn([process.execPath, 'test', ...bounds, ...reporting, ...flags, ...paths], {
      cwd: root,
      env: environment(),
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: groupMs,
    })
    const succeeded = (await child.exited) === 0
    const xml = (await Bun.file(report).exists()) ? await Bun.file(report).text() : ''
    return count(casesOf(xml), files, succeeded)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the developer's shell says about their own daemon or session is none of a test's business. */
const environment = (): Record<string, string> => {
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) {
    const foreign = /^(PAID_|CLAUDE|AI_AGENT$)/.test(name) && name !== 'CLAUDE_BIN'
    if (value !== undefined && !foreign) env[name] = value
  }
  return env
}

const count = (cases: Case[], files: string[], succeeded: boolean): Counts => {
  const of = (outcome: Case['outcome']) => cases.filter((each) => each.outcome === outcome)
  const reported = new Set(cases.map((each) => each.file))
  const silent = succeeded ? [] : files.filter((file) => !reported.has(file))
  for (const file of silent)
    console.error(`(fail) ${file} gave no report: it did not load, or the run was cut short`)
  const failed = of('failed').length + silent.length
  return {
    passed: of('passed').length,
    failed: failed || Number(!succeeded),
    skipped: of('skipped').map(({ file, name }) => `${file}: ${name}`),
  }
}

const casesOf = (xml: string): Case[] =>
  Array.from(
    xml.matchAll(/<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g),
    ([, tag = '', inside = '']) => {
      const attribute = (name: string) => unescape(new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? '')
      const name = [attribute('classname'), attribute('name')].filter(Boolean).join(' > ')
      const failed = /<(failure|error)\b/.test(inside)
      const outcome = failed ? 'failed' : inside.includes('<skipped') ? 'skipped' : 'passed'
      return { file: attribute('file'), name, outcome }
    },
  )

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const unescape = (text: string): string => text.replace(/&(\w+);/g, (whole, name) => entities[name] ?? whole)
