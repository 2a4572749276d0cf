// A kept line as it is exported: JSON with each of its texts redacted, so that it stays JSON; what is no JSON as text.

import { isFields } from '../../lib/fields.ts'

type Safe = (text: string) => string

/** longer values speak for themselves */
const namedCharacters = 1000

export const redactedLine = (line: Buffer, safe: Safe): string => {
  const text = line.toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return safe(text)
  }
  return JSON.stringify(redacted(value, safe))
}

const redacted = (value: unknown, safe: Safe): unknown => {
  if (typeof value === 'string') return safe(value)
  if (Array.isArray(value)) return value.map((item) => redacted(item, safe))
  if (!isFields(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      safe(name),
      typeof item === 'string' ? safeUnder(name, item, safe) : redacted(item, safe),
    ]),
  )
}

/** A value whose name speaks of a secret is one, though nothing in it says so. */
const safeUnder = (name: string, value: string, safe: Safe): string => {
  if (value.length > namedCharacters || /\s/.test(value)) return safe(value)
  const together = safe(`${name}=${value}`)
  return together.startsWith(`${name}=`) ? together.slice(name.length + 1) : safe(value)
}
