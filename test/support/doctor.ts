// `paid doctor --json`, and what of it is wrong.

import { expect } from 'bun:test'
import { readdirSync } from 'node:fs'
import type { Finding } from '../../src/cli/doctor/finding.ts'
import type { TestHome } from './home.ts'

/** What it finds, by name; the exit code is held against it each time. */
export const examine = async (home: TestHome, env: Record<string, string> = {}) => {
  const { code, stdout, stderr } = await home.paid(['doctor', '--json'], { env })
  expect(stderr).toBe('')
  const findings: Finding[] = JSON.parse(stdout)
  expect(code).toBe(findings.some(({ state }) => state === 'failed') ? 1 : 0)
  for (const finding of findings) {
    expect(Object.keys(finding)).toEqual(['name', 'state', 'found', 'advice'])
    expect(finding.advice === null).toBe(finding.state === 'ok')
  }
  return {
    findings,
    /** those of a name that are not ok */
    wrong: (name: string) =>
      findings
        .filter((each) => each.name === name && each.state !== 'ok')
        .map(({ state, found }) => `${state}: ${found}`),
  }
}

export const prompt = '{"hook_event_name":"UserPromptSubmit","session_id":"s","prompt":"hi"}'

/** Names of everything under a folder. */
export const listing = (folder: string): string[] =>
  readdirSync(folder, { recursive: true })
    .map((name) => String(name))
    .sort()
