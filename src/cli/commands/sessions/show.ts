// `paid sessions show ID`: a kept conversation to read, page by page, so that a long one begins at once.

import type { ArchivedMessage, ArchivedSession } from '../../../protocol/archive.ts'
import { withDaemon } from '../../home.ts'
import { hasColours, say, sayJson } from '../../output.ts'
import { visible, visibleLines } from '../../visible.ts'

type Asked = { id: string; full: boolean; json: boolean }

const pageMessages = 500
/** lines of what a tool was given or gave, when not all is asked for */
const foldedLines = 12

const show = ({ id, full, json }: Asked): Promise<void> =>
  withDaemon(async (daemon) => {
    const all: ArchivedMessage[] = []
    let after: number | undefined
    for (;;) {
      const page = await daemon.call(
        'archive.show',
        { session: id, limit: pageMessages, ...(after !== undefined && { after }) },
        { timeoutMs: 120_000 },
      )
      if (json) all.push(...page.messages)
      else {
        if (after === undefined) say(headOf(page.session))
        for (const message of page.messages) say(told(message, full))
      }
      if (page.next === undefined) {
        if (json) sayJson({ session: page.session, messages: all })
        return
      }
      after = page.next
    }
  })

export default show

const paint = (code: number, text: string): string =>
  hasColours(1) ? `\u001b[${code}m${text}\u001b[0m` : text

const headOf = (session: ArchivedSession): string => {
  const { tokens } = session
  const facts = [
    session.folder,
    session.branch,
    session.model,
    `${session.messages.toLocaleString('en-US')} messages`,
    `${(tokens.input + tokens.output + tokens.cacheRead + tokens.cacheWrite).toLocaleString('en-US')} tokens`,
    session.cost === undefined ? undefined : `$${session.cost.toFixed(2)}`,
    session.bad > 0 ? `${session.bad} bad lines` : undefined,
  ]
  const lines = [
    paint(1, visible(session.title ?? session.id)),
    paint(2, visible(`${session.id}  ${facts.filter((fact) => fact !== undefined).join('  ')}`)),
  ]
  if (session.parent !== undefined)
    lines.push(paint(2, visible(`goes on from ${session.parent} (${session.parentKind})`)))
  return `${lines.join('\n')}\n`
}

const speakers: Record<ArchivedMessage['kind'], [name: string, colour: number]> = {
  prompt: ['You', 34],
  answer: ['Claude', 32],
  thinking: ['Claude thinks', 2],
  tool: ['Tool', 33],
  result: ['Result', 2],
  summary: ['Summary', 2],
  note: ['Note', 2],
}

const folded = new Set<ArchivedMessage['kind']>(['thinking', 'tool', 'result', 'note'])

const told = ({ kind, tool, agent, failed, at, text }: ArchivedMessage, full: boolean): string => {
  const [name, colour] = speakers[kind]
  const who = tool ?? (failed ? 'Failed' : name)
  const of = agent === undefined ? '' : ` (agent ${agent})`
  const time = new Date(at).toLocaleTimeString('en-GB')
  const lines = visibleLines(text).split('\n')
  const shown = full || !folded.has(kind) ? lines : lines.slice(0, foldedLines)
  const left = lines.length - shown.length
  if (left > 0) shown.push(`… ${left} more lines`)
  const body = folded.has(kind) ? shown.map((line) => paint(2, `  ${line}`)) : shown
  return `${paint(colour, visible(`${who}${of}`))} ${paint(2, time)}\n${body.join('\n')}\n`
}
