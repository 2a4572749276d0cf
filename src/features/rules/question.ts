// What `filter` asks of an event, and the channels that `on` means.

import { PaidError } from '../../protocol/error.ts'
import type { RuleDefinition } from '../../protocol/rules.ts'
import { compileExpression, type Question, SyntaxFault } from '../../lib/expression.ts'
import { type Filter, filterOf } from '../../core/filter.ts'

const roots = ['type', 'data', 'channel', 'origin', 'by', 'id', 'seq', 'at', 'occurredAt', 'key']

/** Throws `bad_request` with the place where an expression goes wrong. */
export const questionOf = (filter: string | undefined): Question | undefined => {
  if (filter === undefined) return undefined
  try {
    return compileExpression(filter, roots)
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error
    throw new PaidError(
      'bad_request',
      `filter: ${error.message}: ${filter}`,
      'Write it like this: data.tool_name == "Bash" && data.duration_ms > 1000',
    )
  }
}

/** A type that is named is meant wherever it occurs; without one, what was posted and what sessions did. */
export const filtersOf = (namespace: string, on: RuleDefinition['on']): Filter[] =>
  on.map((wanted) => filterOf(namespace, { ...wanted, all: wanted.all ?? wanted.type !== undefined }))
