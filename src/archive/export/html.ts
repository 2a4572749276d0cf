// A session as one HTML page that needs nothing else and can do nothing: no script runs in it, nothing is loaded, and
// everything anybody said is text. Light or dark as its reader's system is.

import type { ArchivedMessage, ArchivedSession } from '../../protocol/archive.ts'
import type { Format } from './format.ts'
import { factsOf, speakerOf } from './words.ts'

const style = `
:root { color-scheme: light dark; --ink: #1c1c1e; --paper: #fff; --soft: #f3f3f5; --line: #d8d8dc; --faint: #6b6b70; --you: #0b57d0 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e9; --paper: #17171a; --soft: #222226; --line: #3a3a40; --faint: #9a9aa2; --you: #8ab4f8 } }
body { font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; color: var(--ink); background: var(--paper); max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; color: var(--faint); font-size: .9rem }
dd { margin: 0 }
article { border-top: 1px solid var(--line); padding: .6rem 0 }
h2, summary { font-size: .85rem; font-weight: 600; color: var(--faint); margin: 0 0 .3rem }
.prompt h2 { color: var(--you) }
.text { white-space: pre-wrap }
pre { white-space: pre-wrap; background: var(--soft); padding: .6rem; border-radius: .4rem; font-size: .85rem; max-height: 40rem; overflow: auto }
summary { cursor: pointer }
`

const policy = `default-src 'none'; style-src 'sha256-${new Bun.CryptoHasher('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'`

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** what no page may hold, and what turns the reading direction */
const unseen =
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what it shows
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu

/** As text, also inside quotes; what one would not see is shown. */
const escaped = (text: string): string =>
  text
    .replace(/[&<>"']/g, (character) => entities[character] ?? '')
    .replace(unseen, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)

const head = (session: ArchivedSession): string => {
  const title = escaped(session.title ?? session.id)
  const facts = factsOf(session).map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<h1>${title}</h1>
<dl>${facts.join('')}</dl>
`
}

/** what is long and seldom read is folded */
const folded = new Set<ArchivedMessage['kind']>(['thinking', 'tool', 'result', 'summary', 'note'])

const message = (each: ArchivedMessage): string => {
  const who = escaped(speakerOf(each))
  const text = escaped(each.text)
  const content = folded.has(each.kind)
    ? `<details><summary>${who}</summary><pre>${text}</pre></details>`
    : `<h2>${who}</h2><div class="text">${text}</div>`
  return `<article class="${each.kind}">${content}</article>\n`
}

export const html: Format = { head, message, foot: '</body>\n</html>\n' }
