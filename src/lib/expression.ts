// A small language that asks a JSON object a question: `data.tool_name == "Bash" && data.duration_ms > 1000`.
//
// It promises: nothing of it is run as code; it ends, after one look at each of its parts (no loops, no patterns that
// search back); what is not there is null and never an error; a text that is not of the language is refused with the
// character where it goes wrong.
//   a.b  a["b"]  a[0]  a.length              a part of the object; the length of a text or a list, nothing else that
//                                            JavaScript adds
//   "text" 'text' 12.5 true false null       values
//   == != < <= > >=                          of the same kind only: 1 is not "1"
//   in  contains  startsWith  endsWith       x in ["a", "b"]; data.prompt contains "deploy"
//   && || ! ( )                              a value by itself holds unless it is null, false, 0 or ""

import { type Token, tokensOf } from './expression/tokens.ts'
import { comparisons, type Value } from './expression/values.ts'

export { SyntaxFault } from './expression/tokens.ts'

/** Whether what the expression asks holds for this object. */
export type Question = (subject: Readonly<Record<string, unknown>>) => boolean

type Part = (subject: Readonly<Record<string, unknown>>) => Value

/** how deep parentheses, brackets and `!` may stand in each other */
const deepest = 50

/**
 * @param roots the keys that an expression may begin with
 * Throws `SyntaxFault`.
 */
export const compileExpression = (text: string, roots: readonly string[]): Question => {
  const tokens = tokensOf(text)
  let at = 0
  let depth = 0

  const peek = (): Token => tokens[at] ?? tokens[tokens.length - 1]!
  const next = (): Token => {
    const token = peek()
    at++
    return token
  }
  const takes = (sign: string): boolean => {
    const token = peek()
    if (token.kind !== 'sign' || token.text !== sign) return false
    at++
    return true
  }
  const needs = (sign: string, why: string): void => {
    if (!takes(sign)) throw peek().fault(`a ${sign} is missing ${why}`)
  }
  const deeper = <T>(read: () => T): T => {
    if (++depth > deepest) throw peek().fault(`it is nested more than ${deepest} deep`)
    const found = read()
    depth--
    return found
  }

  const either = (): Part => {
    const parts = [both()]
    while (takes('||')) parts.push(both())
    return parts.length === 1 ? parts[0]! : (subject) => parts.some((part) => Boolean(part(subject)))
  }

  const both = (): Part => {
    const parts = [negated()]
    while (takes('&&')) parts.push(negated())
    return parts.length === 1 ? parts[0]! : (subject) => parts.every((part) => Boolean(part(subject)))
  }

  const negated = (): Part => {
    if (!takes('!')) return compared()
    const part = deeper(negated)
    return (subject) => !part(subject)
  }

  const compared = (): Part => {
    const left = value()
    const token = peek()
    if (token.kind === 'sign' && token.text === '=')
      throw token.fault('a single = compares nothing: write ==')
    const compare = token.kind === 'sign' || token.kind === 'name' ? comparisons.get(token.text) : undefined
    if (!compare) return left
    at++
    const right = value()
    return (subject) => compare(left(subject), right(subject))
  }

  const value = (): Part => {
    const token = next()
    if (token.kind === 'value') return () => token.value
    if (token.kind === 'name') return path(token)
    if (token.kind === 'sign' && token.text === '(') {
      const inner = deeper(either)
      needs(')', 'here')
      return inner
    }
    if (token.kind === 'sign' && token.text === '[') return deeper(list)
    throw token.fault('a value is missing')
  }

  const list = (): Part => {
    const values: Value[] = []
    if (takes(']')) return () => values
    do {
      const token = next()
      if (token.kind !== 'value') throw token.fault('a list holds plain values')
      values.push(token.value)
    } while (takes(','))
    needs(']', 'behind the list')
    return () => values
  }

  const path = (root: Token): Part => {
    if (!roots.includes(root.text))
      throw root.fault(`there is no ${root.text} here, but ${roots.join(', ')}; a text stands in quotes`)
    const keys: (string | number)[] = [root.text]
    for (;;) {
      if (takes('.')) {
        const token = next()
        if (token.kind !== 'name' && token.kind !== 'value')
          throw token.fault('a key is missing behind the dot')
        keys.push(token.text)
      } else if (takes('[')) {
        const token = next()
        const key = token.kind === 'value' ? token.value : undefined
        if (typeof key !== 'string' && typeof key !== 'number')
          throw token.fault('brackets hold a key in quotes, or a number')
        keys.push(key)
        needs(']', 'behind the key')
      } else break
    }
    return (subject) => {
      let found: unknown = subject
      for (const key of keys) {
        if (typeof found === 'string') found = key === 'length' ? found.length : null
        else if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return null
        else found = Reflect.get(found, key)
      }
      return found
    }
  }

  if (peek().kind === 'end') throw peek().fault('there is nothing in it')
  const whole = either()
  if (peek().kind !== 'end') throw peek().fault('it should end here, or go on with && or ||')
  return (subject) => Boolean(whole(subject))
}
