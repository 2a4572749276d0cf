// A session as Markdown for people: what was asked and answered as text, what tools were given and gave in fences. What
// somebody said cannot end its fence, nor begin a heading of ours.

import type { ArchivedMessage, ArchivedSession } from '../../protocol/archive.ts'
import type { Format } from './format.ts'
import { factsOf, speakerOf } from './words.ts'

/** Longer than any run of backticks inside. */
const fenced = (text: string): string => {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}\n${text.replace(/\n$/, '')}\n${fence}`
}

const quoted = (text: string): string => text.replace(/^/gm, '> ')

const oneLine = (text: string): string =>
  text.replace(/\s+/g, ' ').replace(/([\\`*_<>[\]#|])/g, String.raw`\$1`)

const head = (session: ArchivedSession): string => {
  const facts = factsOf(session).map(([name, value]) => `- ${name}: ${oneLine(value)}`)
  return `# ${oneLine(session.title ?? session.id)}\n\n${facts.join('\n')}\n`
}

const body = ({ kind, text }: ArchivedMessage): string => {
  if (kind === 'tool' || kind === 'result') return fenced(text)
  if (kind === 'prompt' || kind === 'answer') return text.replace(/^(#{1,6}\s)/gm, '##$1')
  return quoted(text)
}

export const markdown: Format = {
  head,
  message: (message) => `\n## ${oneLine(speakerOf(message))}\n\n${body(message)}\n`,
  foot: '',
}
