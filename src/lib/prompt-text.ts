// A prompt's document as YAML. Promises: read again it is the same document, and writing it takes as long as it is long.
// The library tries each style of its own on a text by expressions that go back and forth over a long one for a second
// and more: so a long `content` is laid out here, in the two styles that need no trying.

import { dump } from 'js-yaml'
import type { PromptDocument } from './prompt-document.ts'

/** up to here the library is fast */
const shortText = 16 * 1024

/** what a block cannot hold as it is: control characters, marks of other encodings, other ends of lines */
const notInBlock = /[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ufefe\uff00-\ufffd]/
/** what JSON leaves in a text and YAML takes for something else */
const notInQuotes = /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g

export const promptText = (document: PromptDocument): string => {
  const { content, ...rest } = document
  if (content.length <= shortText) return dump(document)
  return `content: ${blockOf(content) ?? quoted(content)}\n${dump(rest)}`
}

/** Its lines as they are, indented; undefined when it cannot be written so. */
const blockOf = (text: string): string | undefined => {
  // a line that begins with blanks would be taken for the indent of all
  if (/^[\s]/.test(text) || !text.endsWith('\n') || !text.isWellFormed() || notInBlock.test(text))
    return undefined
  const lines = text.slice(0, -1).replace(/^(?=[^\n])/gm, '  ')
  return `|${text.endsWith('\n\n') ? '+' : ''}\n${lines}`
}

const quoted = (text: string): string =>
  JSON.stringify(text).replace(
    notInQuotes,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
