// `paid prompts search TEXT`: what was said, found again. Where it matches is bold on a terminal, between « » on one
// without colours, and not marked for programs, which have `--json`.

import type { Result } from '../../../protocol/api.ts'
import type { Hit } from '../../../protocol/prompts.ts'
import { withDaemon } from '../../home.ts'
import { hasColours, isTerminal, say, sayJson, tell } from '../../output.ts'
import { lineStyle } from '../../screen.ts'
import { minuteOf, near, shortName, toWidth } from '../../session-words.ts'
import { fit, visible } from '../../visible.ts'
import { WrongUsage } from '../../wrong-usage.ts'
import { type ScopeFlags, scopeOf } from './scope.ts'

type Asked = ScopeFlags & { text: string[]; json: boolean }

const folderWidth = 28
const kindWidth = 8

const search = async ({ text, json, ...flags }: Asked): Promise<void> => {
  const wanted = text.join(' ')
  if (wanted.trim() === '') throw new WrongUsage('What is it that you look for? paid prompts search TEXT')
  const scope = scopeOf(flags)
  const found = await withDaemon((daemon) => daemon.call('prompt.search', { text: wanted, ...scope }))
  if (json) return sayJson(found)
  for (const [at, hit] of found.hits.entries()) {
    if (at > 0) say('')
    for (const line of hitLines(hit, markOf())) say(line)
  }
  const ending = endingOf(found, wanted)
  if (ending !== undefined) tell(ending)
}

export default search

export type Mark = { before: string; after: string }

const markOf = (): Mark => {
  if (hasColours(1)) return { before: '\u001b[1;33m', after: '\u001b[0m' }
  return isTerminal(1) ? { before: '«', after: '»' } : { before: '', after: '' }
}

export const hitLines = (hit: Hit, mark: Mark): string[] => {
  const { session, folder = '', title = '', message } = hit
  const what = fit(visible(message.tool ?? message.kind), kindWidth)
  const place = fit(near(folder, folderWidth), folderWidth)
  const head = `${shortName(session)}  ${minuteOf(message.at)}  ${what}  ${place}  ${visible(title)}`
  const more = hit.start + hit.text.length < hit.length ? ' …' : ''
  const excerpt = `${hit.start > 0 ? '… ' : ''}${markedText(hit, mark)}${more}`
  return [toWidth(head, lineStyle(false).width), `  ${excerpt}`]
}

/** On one line, and nothing in it is obeyed. */
export const markedText = ({ text, marks }: Pick<Hit, 'text' | 'marks'>, { before, after }: Mark): string => {
  const shown = (from: number, to?: number) => visible(text.slice(from, to).replace(/\s+/g, ' '))
  let line = ''
  let at = 0
  for (const [start, end] of marks) {
    line += `${shown(at, start)}${before}${shown(start, end)}${after}`
    at = end
  }
  return (line + shown(at)).trim()
}

const endingOf = (
  { hits, order, count = 0, ranked }: Result<'prompt.search'>,
  text: string,
): string | undefined => {
  if (hits.length === 0)
    return /[\p{L}\p{N}]/u.test(text)
      ? 'Nothing that was said has all of these words. `paid import` takes in older transcripts.'
      : 'Words are what is found: letters and digits.'
  if (order === 'newest') return `Very many messages match: these are the newest ${hits.length}.`
  const counted = (number: number): string => number.toLocaleString('en-US')
  if (ranked !== undefined)
    return `These are the best ${hits.length} of the newest ${counted(ranked)}; ${counted(count)} messages match.`
  return count > hits.length ? `These are the best ${hits.length} of ${counted(count)}.` : undefined
}
