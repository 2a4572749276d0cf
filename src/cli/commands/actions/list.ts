// `paid actions list`: what there is by name, and what each does.

import type { Connection } from '../../../client/connection.ts'
import type { ShownAction } from '../../../protocol/actions.ts'
import { withDaemon } from '../../home.ts'
import { say, sayJson, tell } from '../../output.ts'
import { fit, visible } from '../../visible.ts'

const nameWidth = 20
const kindWidth = 8

const list = async ({ json }: { json: boolean }): Promise<void> => {
  const found = await withDaemon(all)
  if (json) return sayJson(found)
  if (found.length === 0) return tell('There are no actions.')
  for (const action of found) say(actionLine(action))
}

export default list

const all = async (daemon: Connection): Promise<ShownAction[]> => {
  const found: ShownAction[] = []
  for (let after: string | undefined; ;) {
    const page = await daemon.call('action.list', after === undefined ? {} : { after })
    found.push(...page.actions)
    if (page.next === undefined) return found
    after = page.next
  }
}

const actionLine = (action: ShownAction): string => {
  const name = visible(action.name)
  const wide = name.length > nameWidth ? name : fit(name, nameWidth)
  const { running, waiting } = action
  const busy = running + waiting === 0 ? '' : `  (${running} running, ${waiting} waiting)`
  return `${wide}  ${fit(action.kind, kindWidth)}  ${visible(doingOf(action))}${busy}`
}

/** What it does, in one line. */
export const doingOf = (action: ShownAction): string => {
  const { kind, command = [], method, url, channel, prompt, by } = action
  if (kind === 'command') return command.map(shellWord).join(' ')
  if (kind === 'http') return `${method} ${url}`
  if (kind === 'publish') return `to ${channel}`
  return kind === 'offered' ? `by ${by}` : (prompt ?? '')
}

const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
