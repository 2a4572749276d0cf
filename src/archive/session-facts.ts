// What the records of a transcript tell of their session, beside its messages: where it was, what it is called, which
// model answered, what that cost.

import { type Fields, fieldsIn, numberIn, textIn } from '../lib/fields.ts'

export type Usage = {
  message: string
  input: number
  output: number
  cacheRead: number
  cacheWrite: number
}

/** What an answer of the model cost; rows of one answer repeat it, the last one is complete. */
export const usageOf = (record: Fields): Usage | undefined => {
  if (record['type'] !== 'assistant') return undefined
  const message = fieldsIn(record, 'message')
  const usage = message && fieldsIn(message, 'usage')
  const id = message && textIn(message, 'id')
  if (!usage || id === undefined) return undefined
  const count = (name: string): number => {
    const value = numberIn(usage, name) ?? 0
    return value > 0 ? Math.min(Math.trunc(value), Number.MAX_SAFE_INTEGER) : 0
  }
  return {
    message: id,
    input: count('input_tokens'),
    output: count('output_tokens'),
    cacheRead: count('cache_read_input_tokens'),
    cacheWrite: count('cache_creation_input_tokens'),
  }
}

/** What a record says of its session. */
export type Told = {
  folder?: string
  branch?: string
  model?: string
  /** the better of two has the higher rank, of equals the later */
  title?: { text: string; rank: number }
  cost?: { dollars: number; added?: number; removed?: number }
}

const titleCharacters = 80
export const titleRanks = { prompt: 1, summary: 2, given: 3 } as const

export const titleFrom = (text: string): string =>
  (text.trim().split('\n', 1)[0] ?? '').slice(0, titleCharacters).toWellFormed()

export const toldBy = (record: Fields): Told => {
  const told: Told = {}
  const folder = textIn(record, 'cwd')
  if (folder !== undefined) told.folder = folder
  const branch = textIn(record, 'gitBranch')
  if (branch !== undefined && branch !== 'HEAD') told.branch = branch
  const given = textIn(record, 'customTitle')
  const made = textIn(record, 'aiTitle') ?? textIn(record, 'summary')
  switch (record['type']) {
    case 'assistant': {
      const model = textIn(fieldsIn(record, 'message') ?? {}, 'model')
      if (model !== undefined && !model.startsWith('<')) told.model = model
      break
    }
    case 'custom-title':
      if (given !== undefined) told.title = { text: titleFrom(given), rank: titleRanks.given }
      break
    case 'ai-title':
    case 'summary':
      if (made !== undefined) told.title = { text: titleFrom(made), rank: titleRanks.summary }
      break
    case 'cost-state': {
      const dollars = numberIn(record, 'totalCostUSD')
      const added = numberIn(record, 'totalLinesAdded')
      const removed = numberIn(record, 'totalLinesRemoved')
      if (dollars !== undefined)
        told.cost = {
          dollars,
          ...(added !== undefined && { added: Math.trunc(added) }),
          ...(removed !== undefined && { removed: Math.trunc(removed) }),
        }
      break
    }
  }
  return told
}
