// `paid doctor`: what is wrong and what to do about it, a line a finding, with `--json` one array.

import { examine } from '../doctor/doctor.ts'
import { gatherFacts } from '../doctor/facts.ts'
import type { Finding } from '../doctor/finding.ts'
import { here } from '../home.ts'
import { hasColours, say, sayJson } from '../output.ts'
import { visible } from '../visible.ts'

/** a mark and a colour for each state; the word stands beside it, for those who see neither */
const marks = { ok: ['✔', 32], warning: ['!', 33], failed: ['✖', 31] } as const

const doctor = async ({ json }: { json: boolean }): Promise<number> => {
  const findings = await examine(await gatherFacts(here(), process.env))
  if (json) sayJson(findings)
  else sayFindings(findings)
  return findings.some(({ state }) => state === 'failed') ? 1 : 0
}

export default doctor

const sayFindings = (findings: Finding[]): void => {
  const nameWidth = Math.max(...findings.map(({ name }) => name.length))
  const indent = ' '.repeat(stateWidth + nameWidth + 6)
  for (const { name, state, found, advice } of findings) {
    say(`${marked(state)}  ${name.padEnd(nameWidth)}  ${visible(found)}`)
    if (advice !== null) say(`${indent}${visible(advice)}`)
  }
  const count = (state: Finding['state']) => findings.filter((finding) => finding.state === state).length
  const [bad, doubtful] = [count('failed'), count('warning')]
  say(
    bad + doubtful === 0
      ? 'All is well.'
      : `${bad} failed, ${doubtful} ${doubtful === 1 ? 'warning' : 'warnings'}`,
  )
}

const stateWidth = 'warning'.length

const marked = (state: Finding['state']): string => {
  const [mark, colour] = marks[state]
  const text = `${mark} ${state.padEnd(stateWidth)}`
  return hasColours(1) ? `\u001b[${colour}m${text}\u001b[0m` : text
}
