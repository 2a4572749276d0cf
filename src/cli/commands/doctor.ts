// `paid doctor`: what is wrong and what to do about it, for people as talk, with `--json` as one array.

import { examine } from '../doctor/doctor.ts'
import { gatherFacts } from '../doctor/facts.ts'
import type { Finding } from '../doctor/finding.ts'
import { here } from '../home.ts'
import { sayJson } from '../output.ts'
import { talk, type Tone } from '../talk.ts'
import { visible } from '../visible.ts'

const tones = { ok: 'success', warning: 'warn', failed: 'error' } as const satisfies Record<string, Tone>

const doctor = async ({ json }: { json: boolean }): Promise<number> => {
  const findings = await examine(await gatherFacts(here(), process.env))
  if (json) sayJson(findings)
  else await tellFindings(findings)
  return findings.some(({ state }) => state === 'failed') ? 1 : 0
}

export default doctor

const tellFindings = async (findings: Finding[]): Promise<void> => {
  const nameWidth = Math.max(...findings.map(({ name }) => name.length))
  for (const { name, state, found, advice } of findings) {
    const line = `${name.padEnd(nameWidth)}  ${visible(found)}`
    const next = (indent: number) => (advice === null ? '' : `\n${' '.repeat(indent)}${visible(advice)}`)
    // A terminal's mark is one column wide and stands for the word.
    await talk(
      tones[state],
      line + next(nameWidth + 4),
      `${state.padEnd(stateWidth)}  ${line}${next(stateWidth + nameWidth + 4)}`,
    )
  }
  const count = (state: Finding['state']) => findings.filter((finding) => finding.state === state).length
  const [bad, doubtful] = [count('failed'), count('warning')]
  await talk(
    bad > 0 ? 'error' : doubtful > 0 ? 'warn' : 'success',
    bad + doubtful === 0
      ? 'All is well.'
      : `${bad} failed, ${doubtful} ${doubtful === 1 ? 'warning' : 'warnings'}`,
  )
}

const stateWidth = 'warning'.length
