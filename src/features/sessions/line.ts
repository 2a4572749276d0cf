// Reading the lines of Claude Code: nothing in them is taken for granted.

import { limits } from '../../protocol/limits.ts'
import { type Fields, isFields } from '../../lib/fields.ts'
import type { Tokens } from '../../protocol/sessions.ts'

export { type Fields, isFields }

export const fieldsIn = (from: unknown, name: string): Fields => {
  const value = isFields(from) ? from[name] : undefined
  return isFields(value) ? value : {}
}

export const textIn = (from: unknown, name: string): string | undefined => {
  const value = isFields(from) ? from[name] : undefined
  return typeof value === 'string' ? value : undefined
}

export const numberIn = (from: unknown, name: string): number | undefined => {
  const value = isFields(from) ? from[name] : undefined
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

export const textsIn = (from: unknown, name: string): string[] | undefined => {
  const value = isFields(from) ? from[name] : undefined
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : undefined
}

/** The parts of a message; a text alone is one of them. */
export const blocksOf = (line: Fields): Fields[] => {
  const { content } = fieldsIn(line, 'message')
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return Array.isArray(content) ? content.filter(isFields) : []
}

export const tokensOf = (usage: Fields): Tokens => ({
  input: numberIn(usage, 'input_tokens') ?? 0,
  output: numberIn(usage, 'output_tokens') ?? 0,
  cacheRead: numberIn(usage, 'cache_read_input_tokens') ?? 0,
  cacheWrite: numberIn(usage, 'cache_creation_input_tokens') ?? 0,
})

/** Of all models that were asked since the result before, as `usage` of a turn that failed tells of none. */
export const tokensIn = (result: Fields): Tokens => {
  const models = Object.values(fieldsIn(result, 'model_usage_since_last_result'))
  if (models.length === 0) return tokensOf(fieldsIn(result, 'usage'))
  const each = models.map((model) => ({
    input: numberIn(model, 'inputTokens') ?? 0,
    output: numberIn(model, 'outputTokens') ?? 0,
    cacheRead: numberIn(model, 'cacheReadInputTokens') ?? 0,
    cacheWrite: numberIn(model, 'cacheCreationInputTokens') ?? 0,
  }))
  return each.reduce(sumOf)
}

export const sumOf = (a: Tokens, b: Tokens): Tokens => ({
  input: a.input + b.input,
  output: a.output + b.output,
  cacheRead: a.cacheRead + b.cacheRead,
  cacheWrite: a.cacheWrite + b.cacheWrite,
})

/** The same, as much as is kept of it: of a long text the beginning, of what is nested deep nothing. */
export const kept = (value: unknown, depth = 0): unknown => {
  if (typeof value === 'string') return keptText(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth > 100) return null
  if (Array.isArray(value)) return value.map((each) => kept(each, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, kept(each, depth + 1)]))
}

export const keptText = (text: string): string =>
  text.length <= limits.sessionKeptBytes
    ? text
    : `${text.slice(0, limits.sessionKeptBytes)}… (${text.length - limits.sessionKeptBytes} more characters)`

/** What a tool gave, as one text: the texts among its parts, and what the others are. */
export const resultText = (content: unknown): string => {
  if (typeof content === 'string') return keptText(content)
  if (!Array.isArray(content)) return content === undefined ? '' : keptText(JSON.stringify(content))
  const parts = content.map((part) => textIn(part, 'text') ?? `[${textIn(part, 'type') ?? 'unknown'}]`)
  return keptText(parts.join('\n'))
}
