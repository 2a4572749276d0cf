// `paid sessions show ID`: a kept conversation to read, page by page, so that a long one begins at once.

import type { Connection } from '../../../client/connection.ts'
import type { ArchivedMessage, ArchivedSession } from '../../../protocol/archive.ts'
import { withDaemon } from '../../home.ts'
import { hasColours, say, sayJson, tell } from '../../output.ts'
import { visible, visibleLines } from '../../visible.ts'

type Asked = { id: string; full: boolean; json: boolean }

const pageMessages = 500
/** lines of what a tool was given or gave, when not all is asked for */
const foldedLines = 12

const show = ({ id, full, json }: Asked): Promise<void> =>
  withDaemon(async (daemon) => {
    const all: ArchivedMessage[] = []
    let last: ArchivedSession | undefined
    for await (const { session, messages } of pagesOf(daemon, id, false)) {
      if (json) all.push(...messages)
      else {
        if (!last) say(headOf(session))
        for (const message of messages) say(told(message, session, full))
      }
      last = session
    }
    if (json) return sayJson({ session: last, messages: all })
    const queued = (last && (await daemon.call('session.get', { id: last.id })).session?.queued) ?? 0
    if (queued > 0) tell(`paid: messages that wait for it to read them: ${queued}`)
  })

export default show

/** A kept session, page by page; of `talk` only what was asked and answered. */
export async function* pagesOf(daemon: Connection, id: string, talk: boolean) {
  for (let after: number | undefined; ;) {
    const page = await daemon.call(
      'archive.show',
      { session: id, limit: pageMessages, talk, ...(after !== undefined && { after }) },
      { timeoutMs: 120_000 },
    )
    yield page
    if (page.next === undefined) return
    after = page.next
  }
}

export const paint = (code: number, text: string): string =>
  hasColours(1) ? `\u001b[${code}m${text}\u001b[0m` : text

export const headOf = (session: ArchivedSession): string => {
  const { tokens } = session
  const facts = [
    session.folder,
    session.branch,
    session.model,
    `${session.messages.toLocaleString('en-US')} messages`,
    `${(tokens.input + tokens.output + tokens.cacheRead + tokens.cacheWrite).toLocaleString('en-US')} tokens`,
    session.cost === undefined ? undefined : `$${session.cost.toFixed(2)}`,
    session.bad > 0 ? (session.bad === 1 ? '1 bad line' : `${session.bad} bad lines`) : undefined,
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

export const told = (
  { kind, tool, agent, failed, at, text }: ArchivedMessage,
  session: ArchivedSession,
  full: boolean,
): string => {
  const [name, colour] = speakers[kind]
  const speaker = kind === 'answer' && session.tool !== 'claude-code' ? session.tool : name
  const who = tool ?? (failed ? 'Failed' : speaker)
  const of = agent === undefined ? '' : ` (agent ${agent})`
  const time = new Date(at).toLocaleTimeString('en-GB')
  const lines = visibleLines(text).split('\n')
  const shown = full || !folded.has(kind) ? lines : lines.slice(0, foldedLines)
  const left = lines.length - shown.length
  if (left > 0) shown.push(`… ${left} more lines`)
  const body = folded.has(kind) ? shown.map((line) => paint(2, `  ${line}`)) : shown
  return `${paint(colour, visible(`${who}${of}`))} ${paint(2, time)}\n${body.join('\n')}\n`
}
