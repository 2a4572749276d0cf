// What a hook tells of a file that is not to be looked into: its path stays, its contents go, before anything is kept.

import type { IsExcluded } from '../../lib/exclude.ts'
import { type Fields, isFields } from '../../lib/fields.ts'
import {
  searchesFiles,
  usesExcluded,
  withheldMark,
  withholdFound,
  withholdWithin,
} from '../../lib/withhold.ts'

/** fields of a hook that hold what a tool gave, whatever it was */
const given = ['tool_response', 'tool_result', 'tool_output', 'error'] as const

/** Takes contents of excluded files out of a hook's body, in place: of its tool, or of each tool of its batch. */
export const withholdContents = (body: Fields, isExcluded: IsExcluded): void => {
  withholdOf(body, isExcluded)
  const calls = body['tool_calls']
  if (Array.isArray(calls)) for (const call of calls) if (isFields(call)) withholdOf(call, isExcluded)
}

const withholdOf = (told: Fields, isExcluded: IsExcluded): void => {
  const { tool_input: input, tool_name: tool } = told
  const isSearch = isFields(input) && searchesFiles(typeof tool === 'string' ? tool : undefined, input)
  // before anything is taken out of the input, which tells what the rest is of
  const ofExcluded = isFields(input) && usesExcluded(input, isExcluded)
  // not the body itself: a path in it says what the hook is about, and nothing beside it is of that file
  withholdWithin(Object.values(told), isExcluded)
  // rules that would allow the command again quote it
  if (isFields(input) && input['command'] === withheldMark && told['permission_suggestions'] !== undefined)
    told['permission_suggestions'] = []
  for (const name of given) {
    if (ofExcluded && told[name] !== undefined) told[name] = withheldMark
    else if (isSearch) withholdFound(told, name, isExcluded)
  }
}
