// `paid rules list`: what happens on what, and what waits.

import { limits } from '../../../protocol/limits.ts'
import type { Rule } from '../../../protocol/rules.ts'
import { formatDuration } from '../../../lib/duration.ts'
import { withDaemon } from '../../home.ts'
import { say, sayJson, tell } from '../../output.ts'
import { nameColumn, visible } from '../../visible.ts'
import { kindText } from './kinds.ts'

const nameWidth = 20

const list = async ({ json }: { json: boolean }): Promise<void> => {
  const { rules } = await withDaemon((daemon) => daemon.call('rule.list', {}))
  if (json) return sayJson(rules)
  if (rules.length === 0) return tell('No rules.')
  for (const rule of rules) say(ruleLine(rule))
}

export default list

export const ruleLine = (rule: Rule, now = Date.now()): string => {
  const name = nameColumn(rule.name, nameWidth)
  const on = rule.on.map(kindText).join(' or ')
  return `${name}  ${visible(on)} -> ${visible(rule.do)}  ${standOf(rule, now)}`
}

/** How far it is, in a few words. */
export const standOf = (rule: Rule, now = Date.now()): string => {
  const { state, backlog, handled, setAside, triesAt } = rule
  const waiting = backlog >= limits.ruleBacklog ? `${backlog} or more` : String(backlog)
  return [
    state === 'waiting' && triesAt !== undefined
      ? `tries again in ${formatDuration(Math.max(0, triesAt - now))}`
      : state,
    `${handled} done`,
    backlog > 0 && `${waiting} wait`,
    setAside > 0 && `${setAside} set aside`,
  ]
    .filter((part) => part !== false)
    .join(', ')
}
