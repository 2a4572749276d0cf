// `paid actions list`: what there is by name, and what each does.

import type { ShownAction } from '../../../protocol/actions.ts'
import { listing } from '../../listing.ts'
import { fit, nameColumn, visible } from '../../visible.ts'

const nameWidth = 20
const kindWidth = 8

const list = listing(
  async (daemon, from) => {
    const { actions, next } = await daemon.call('action.list', from)
    return { items: actions, next }
  },
  (action) => actionLine(action),
  'There are no actions.',
)

export default list

const actionLine = (action: ShownAction): string => {
  const name = nameColumn(action.name, nameWidth)
  const { running, waiting } = action
  const busy = running + waiting === 0 ? '' : `  (${running} running, ${waiting} waiting)`
  return `${name}  ${fit(action.kind, kindWidth)}  ${visible(doingOf(action))}${busy}`
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
