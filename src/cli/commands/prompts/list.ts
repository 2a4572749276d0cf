// `paid prompts list`: kept conversations by what was asked first, and the commits that came of them.

import type { ListedConversation } from '../../../protocol/prompts.ts'
import { withDaemon } from '../../home.ts'
import { say, sayJson, tell } from '../../output.ts'
import { lineStyle } from '../../screen.ts'
import { minuteOf, shortName, toWidth } from '../../session-words.ts'
import { clip, fit, visible } from '../../visible.ts'
import { type ScopeFlags, scopeOf } from './scope.ts'

const modelWidth = 20
const promptWidth = 200
const shaDigits = 10

const list = async ({ json, ...flags }: ScopeFlags & { json: boolean }): Promise<void> => {
  const scope = scopeOf(flags)
  const { conversations } = await withDaemon((daemon) => daemon.call('prompt.list', scope))
  if (json) return sayJson(conversations)
  if (conversations.length === 0)
    return tell('No conversations: `paid hooks install` hears new ones, `paid import` keeps old ones.')
  const { width } = lineStyle(false)
  for (const each of conversations) for (const line of listedLines(each)) say(toWidth(line, width))
}

export default list

export const listedLines = ({ session, prompt, commits }: ListedConversation): string[] => {
  const { id, tool, model, lastAt, title } = session
  const asked = (prompt ?? title ?? '').trim().split('\n', 1)[0] ?? ''
  // a model of Claude says which tool it was
  const by = fit(
    visible([tool === 'claude-code' && model ? '' : tool, model].filter(Boolean).join(' ')),
    modelWidth,
  )
  return [
    `${shortName(id)}  ${minuteOf(lastAt ?? 0)}  ${by}  ${clip(visible(asked), promptWidth)}`,
    ...(commits.length === 0 ? [] : [`          ${commitWords(commits)}`]),
  ]
}

/** The newest ones, each with how it is known. */
export const commitWords = (commits: ListedConversation['commits'], most = 6): string => {
  const shown = commits
    .toReversed()
    .slice(0, most)
    .map(({ sha, link }) => `${sha.slice(0, shaDigits)} (${link})`)
  const more = commits.length > most ? ` and ${commits.length - most} more` : ''
  return visible(`commits ${shown.join(', ')}${more}`)
}
