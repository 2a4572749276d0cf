// What a hook tells of a file that is not to be looked into: its path stays, its contents go, before anything is kept.

import type { IsExcluded } from '../../lib/exclude.ts'
import { type Fields, isFields } from '../../lib/fields.ts'
import {
  usesExcluded,
  withheldMark,
  withholdFindings,
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
  // before anything is taken out of the input, which tells what the rest is of
  const ofExcluded = isFields(input) && usesExcluded(input, isExcluded)
  // not the body itself: a path in it says what the hook is about, and nothing beside it is of that file
  withholdWithin(Object.values(told), isExcluded)
  // rules that would allow the command again quote it
  if (isFields(input) && input['command'] === withheldMark && told['permission_suggestions'] !== undefined)
    told['permission_suggestions'] = []
  for (const name of given) {
    const gave = told[name]
    if (gave === undefined) continue
    if (ofExcluded) told[name] = withheldMark
    else if (tool === 'Grep' && typeof gave === 'string') told[name] = withholdFindings(gave, isExcluded)
    else withholdFound(gave, isExcluded)
  }
}
