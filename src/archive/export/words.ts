// What every document for people says alike: the facts of a session, and who speaks in a message.

import type { ArchivedMessage, ArchivedSession } from '../../protocol/archive.ts'

/** In universal time, to the second. */
const timeOf = (at: number): string =>
  new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')

const number = (value: number): string => value.toLocaleString('en-US')

export const factsOf = (session: ArchivedSession): [string, string][] => {
  const { tokens } = session
  const facts: [string, string | undefined][] = [
    ['session', session.id],
    ['tool', session.tool],
    ['model', session.model],
    ['folder', session.folder],
    ['branch', session.branch],
    ['from', session.firstAt === undefined ? undefined : timeOf(session.firstAt)],
    ['to', session.lastAt === undefined ? undefined : timeOf(session.lastAt)],
    ['goes on from', session.parent && `${session.parent} (${session.parentKind})`],
    ['messages', number(session.messages)],
    [
      'tokens',
      `${number(tokens.input)} in, ${number(tokens.output)} out, ${number(tokens.cacheRead)} read from cache, ${number(tokens.cacheWrite)} written to it`,
    ],
    ['cost', session.cost === undefined ? undefined : `$${session.cost.toFixed(4)}`],
  ]
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
}

const speakers: Record<ArchivedMessage['kind'], string> = {
  prompt: 'You',
  answer: 'Claude',
  thinking: 'Claude thinks',
  tool: 'Tool',
  result: 'Result',
  summary: 'Summary',
  note: 'Note',
}

export const speakerOf = ({ kind, tool, agent, failed, at }: ArchivedMessage): string => {
  const who =
    kind === 'tool' && tool !== undefined ? tool : kind === 'result' && failed ? 'Failed' : speakers[kind]
  return `${who}${agent === undefined ? '' : ` (agent ${agent})`}, ${timeOf(at)}`
}
