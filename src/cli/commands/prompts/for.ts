// `paid prompts for COMMIT|FILE[:LINE]`: which conversation made it, and what was asked and answered there.

import { formatDuration } from '../../../lib/duration.ts'
import type { Result } from '../../../protocol/api.ts'
import type { Link, MadeBy, Origin, Said } from '../../../protocol/commits.ts'
import { withDaemon } from '../../home.ts'
import { say, sayJson } from '../../output.ts'
import { selfName } from '../../self.ts'
import { talk } from '../../talk.ts'
import { clip, visible } from '../../visible.ts'

const shownCharacters = 600
const shownLines = 8
const labelWidth = 9

const promptsFor = async ({ target, json }: { target: string; json: boolean }): Promise<void> => {
  const found = await withDaemon((daemon) => daemon.call('commit.find', { folder: process.cwd(), target }))
  if (json) return sayJson(found)
  for (const line of originLines(found)) say(line)
  if (found.origins.every(({ conversations }) => conversations.length === 0))
    await talk(
      'info',
      `No conversation is known for it. \`${selfName()} import\` takes in older transcripts; \`${selfName()} hooks install --git\` links commits from now on.`,
    )
}

export default promptsFor

export const originLines = ({ file, text, origins }: Result<'commit.find'>, now = Date.now()): string[] => {
  const [first] = origins
  const place = file === undefined ? [] : [row('line', lineText(file, text, first))]
  return [
    ...(text === undefined ? [] : place),
    ...origins.flatMap((origin, at) => [
      ...(at > 0 ? [''] : []),
      ...commitLines(origin, text === undefined),
      ...(origin.conversations.length === 0
        ? [row('by', how.none)]
        : origin.conversations.flatMap((each) => conversationLines(each, origin.link, now))),
    ]),
  ]
}

const lineText = (file: string, text: string | undefined, origin: Origin | undefined): string =>
  visible(`${file}:${origin?.lines?.[0] ?? ''}  ${(text ?? '').trim()}`)

const commitLines = ({ commit, lines }: Origin, withLines: boolean): string[] => {
  const count = lines?.length ?? 0
  const many = withLines && count > 0 ? `  (${count} ${count === 1 ? 'line' : 'lines'})` : ''
  if (!commit) return [row('commit', `not committed yet${many}`)]
  return [row('commit', visible(`${commit.sha.slice(0, 10)}  ${commit.subject}`) + many)]
}

const how: Record<Link, string> = {
  exact: 'exact: it made the commit',
  files: 'files: it changed them since they were last committed',
  time: 'time: it went on in this repository then',
  none: 'none: no conversation is known',
}

const conversationLines = (made: MadeBy, link: Link, now: number): string[] => {
  const { session, tool, title, lastAt, message, prompt, answer } = made
  const when = message?.at ?? prompt?.at ?? lastAt
  const ago = when === undefined ? '' : `${formatDuration(Math.max(1000, now - when))} ago`
  return [
    row('session', visible([session, tool, ago, title].filter(Boolean).join('  '))),
    row('link', how[link]),
    ...(prompt ? saidLines('asked', prompt) : []),
    ...(message ? saidLines(message.tool ?? 'wrote', message) : []),
    ...(answer ? saidLines('answered', answer) : []),
  ]
}

/** The beginning of what was said, under its label. */
const saidLines = (label: string, { text }: Said): string[] => {
  const lines = text.slice(0, shownCharacters).trim().split('\n')
  const cut = lines.length > shownLines || text.length > shownCharacters
  const shown = lines.slice(0, shownLines).map((line) => clip(visible(line), 200))
  return [...shown, ...(cut ? ['…'] : [])].map((line, at) => row(at === 0 ? label : '', line))
}

const row = (label: string, text: string): string =>
  `${visible(label).slice(0, labelWidth).padEnd(labelWidth)} ${text}`.trimEnd()
