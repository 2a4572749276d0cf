// `paid rules show NAME`: all that is known of one rule.

import { PaidError } from '../../../protocol/error.ts'
import { formatDuration } from '../../../lib/duration.ts'
import { withDaemon } from '../../home.ts'
import { say, sayJson } from '../../output.ts'
import { selfName } from '../../self.ts'
import { visible } from '../../visible.ts'
import { kindText } from './kinds.ts'
import { standOf } from './list.ts'

const show = async ({ name, json }: { name: string; json: boolean }): Promise<void> => {
  const { rule, aside } = await withDaemon((daemon) => daemon.call('rule.get', { name }))
  if (!rule)
    throw new PaidError('not_found', `There is no rule ${name}`, `\`${selfName()} rules list\` names them.`)
  if (json) return sayJson({ ...rule, aside })
  const line = (label: string, text: string): void => say(`${label.padEnd(9)} ${visible(text)}`)
  line('rule', rule.name)
  for (const kind of rule.on) line('on', kindText(kind))
  if (rule.filter !== undefined) line('filter', rule.filter)
  line('do', rule.do)
  line('state', standOf(rule))
  line('retries', String(rule.retries))
  if (rule.timeout !== undefined) line('timeout', formatDuration(rule.timeout))
  line('done to', rule.cursor)
  if (rule.lastSuccess) line('success', `${rule.lastSuccess.event}, ${time(rule.lastSuccess.at)}`)
  if (rule.lastFailure) {
    const { event, at, error } = rule.lastFailure
    line('failure', `${event}, ${time(at)}${rule.attempts ? `, ${times(rule.attempts)}` : ''}: ${error}`)
  }
  line('added', `${time(rule.addedAt)} by ${rule.by}`)
  for (const { event, at, attempts, error } of aside)
    line('aside', `${event}, ${time(at)}, ${times(attempts)}: ${error}`)
}

export default show

const times = (tries: number): string => `tried ${tries === 1 ? 'once' : `${tries} times`}`

const time = (at: number): string => new Date(at).toISOString()
