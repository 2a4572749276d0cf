// What a hook tells of a file that is not to be looked into: its path stays, its contents go, before anything is kept.

import type { IsExcluded } from '../../lib/exclude.ts'
import { isFields } from './pai.ts'

type Fields = Record<string, unknown>

export const withheldMark = '[withheld: the file is excluded]'

const pathFields = ['file_path', 'notebook_path', 'filePath'] as const

/** Takes contents of excluded files out of a hook's body, in place: of its tool, or of each tool of its batch. */
export const withholdContents = (body: Fields, isExcluded: IsExcluded): void => {
  withholdOf(body, isExcluded)
  const calls = body['tool_calls']
  if (Array.isArray(calls)) for (const call of calls) if (isFields(call)) withholdOf(call, isExcluded)
}

const withholdOf = (told: Fields, isExcluded: IsExcluded): void => {
  const input = told['tool_input']
  if (!isFields(input)) return
  const path = pathFields.map((field) => input[field]).find((value) => typeof value === 'string')
  if (path === undefined || !isExcluded(path)) return
  for (const [name, value] of Object.entries(input)) {
    const isPath = pathFields.some((field) => field === name)
    if (!isPath && (typeof value === 'string' || typeof value === 'object')) input[name] = withheldMark
  }
  for (const name of ['tool_response', 'tool_result', 'tool_output', 'error'])
    if (told[name] !== undefined) told[name] = withheldMark
}
