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
  return {
    message: id,
    input: countIn(usage, 'input_tokens') ?? 0,
    output: countIn(usage, 'output_tokens') ?? 0,
    cacheRead: countIn(usage, 'cache_read_input_tokens') ?? 0,
    cacheWrite: countIn(usage, 'cache_creation_input_tokens') ?? 0,
  }
}

/** far beyond what anybody counts, and small enough that sums of it are integers of the database still */
const mostCounted = 1e12

/** A count that somebody else made, whatever number it is. */
const countIn = (fields: Fields, name: string): number | undefined => {
  const value = numberIn(fields, name)
  return value === undefined ? undefined : Math.max(0, Math.min(Math.trunc(value), mostCounted))
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
      const added = countIn(record, 'totalLinesAdded')
      const removed = countIn(record, 'totalLinesRemoved')
      if (dollars !== undefined)
        told.cost = {
          dollars,
          ...(added !== undefined && { added }),
          ...(removed !== undefined && { removed }),
        }
      break
    }
  }
  return told
}
