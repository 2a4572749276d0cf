// What is given to a name that speaks of a secret: `DB_PASSWORD=…`, `"apiKey": "…"`, `my password is …`, and behind
// `Bearer`. A name alone says little (`token_count`, `password: string`), so the value must look like a secret too:
// more so the less the name says.

import { entropy, type Found } from './found.ts'
import { isPlaceholder } from './placeholder.ts'

const names =
  /pass(?:word|wd|phrase|code)|pwd|secret|token|api[_-]?key|(?:access|private|encryption|signing|account|auth|shared|master)[_-]?key|credential|connection[_-]?string/gi
/** the rest of the name, and what gives it a value */
const giving = /([\w-]{0,40})(?:\\?["'`\]]){0,2}[ \t]{0,4}(?:=>|:=|={1,3}|:|\bis\b)[ \t]{0,4}/y
const quoted = /(\\?["'`])([^"'`\\\s]{6,512})\1/y
const bare = /[^\s"'`,;\\<>(){}[\]]{6,512}/y
const bearer = /\b(?:bearer|basic)\s{1,4}([\w+/=.~-]{16,2048})/gi

/** names of what is known of a secret, not of the secret: `token_url`, `passwordLength` */
const aboutIt =
  /^(?:s|ize[dr]?|izer|ization|er|ary|s?[_-]?(?:url|uri|file|path|dir|name|id|ids|limit|count|ttl|type|expir\w*|length|len|field|input|hash|policy|at|in|out|usage|budget|kind|hint|label|placeholder|manager|provider|store|header|prefix|regex|pattern|schema|version))(?![a-z])/i
const isPassword = /^(?:pass|pwd)/i
const upperCase = /^[A-Z][A-Z0-9_-]*$/
/** `user.password1`, `settings.token`: an expression of a program */
const expression = /^[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*)+$/
const address = /^(?:https?:\/\/|\.{0,2}\/)/

export function* assigned(text: string): Generator<Found> {
  for (const { 1: value = '', index, 0: all } of text.matchAll(bearer))
    if (isRandom(value)) yield placed(index + all.length - value.length, value, 'bearer-token')

  let done = 0
  for (const { 0: word, index } of text.matchAll(names)) {
    if (index < done || isMarker(text, index)) continue
    giving.lastIndex = index + word.length
    const given = giving.exec(text)
    if (!given) continue
    const tail = given[1] ?? ''
    if (aboutIt.test(tail)) continue
    const at = giving.lastIndex
    const value = valueAt(text, at)
    if (!value || !isSecret(word, nameAround(text, index, word + tail), value)) continue
    const start = at + value.from
    yield placed(start, value.text, isPassword.test(word) ? 'password' : 'secret')
    done = start + value.text.length
  }
}

/** Whether it is the name of a kind, in what was redacted before. */
const isMarker = (text: string, index: number): boolean =>
  /\[redacted:[\w-]*$/.test(text.slice(Math.max(0, index - 40), index))

const placed = (start: number, value: string, kind: string): Found => ({
  start,
  end: start + value.length,
  kind,
})

type Value = { text: string; from: number; quoted: boolean; ended: string }

const valueAt = (text: string, at: number): Value | undefined => {
  quoted.lastIndex = at
  const inQuotes = quoted.exec(text)
  if (inQuotes?.[2] !== undefined)
    return { text: inQuotes[2], from: (inQuotes[1] ?? '').length, quoted: true, ended: '' }
  bare.lastIndex = at
  const found = bare.exec(text)
  return found ? { text: found[0], from: 0, quoted: false, ended: text[bare.lastIndex] ?? '' } : undefined
}

/** The whole name: `DB_PASSWORD_PROD` around `PASSWORD`. */
const nameAround = (text: string, index: number, end: string): string => {
  let start = index
  while (start > 0 && index - start < 64 && /[\w-]/.test(text[start - 1] ?? '')) start--
  return text.slice(start, index) + end
}

const isSecret = (word: string, name: string, { text: value, quoted: inQuotes, ended }: Value): boolean => {
  if (isPlaceholder(value) || address.test(value)) return false
  if (!inQuotes && (expression.test(value) || ended === '(' || ended === '[')) return false
  const hasDigit = /\d/.test(value)
  const hasLetter = /[A-Za-z]/.test(value)
  if (upperCase.test(name)) return hasLetter || isPassword.test(word)
  // a word that ends a statement is a variable
  if (isPassword.test(word))
    return hasLetter && (hasDigit || /[^\w]/.test(value)) && ended !== ';' && ended !== ','
  return isRandom(value)
}

/** Nobody's word: long, letters and digits, hardly any twice. */
const isRandom = (value: string): boolean =>
  value.length >= 12 &&
  /\d/.test(value) &&
  /[A-Za-z]/.test(value) &&
  /^[\w+/=.~:-]+$/.test(value) &&
  entropy(value) >= 3
