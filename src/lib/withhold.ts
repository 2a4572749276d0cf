// Contents of excluded files, taken out of what a tool was given and gave before anything of it is kept. The path stays,
// and a marker says what happened; everything else is as it was. All of it changes objects in place.

import type { IsExcluded } from './exclude.ts'
import { type Fields, isFields, textIn } from './fields.ts'
import { filesOfCommand, isSearch, pathFields } from './tool-files.ts'

export const withheldMark = '[withheld: the file is excluded]'

/** texts beside a path that are no content */
const plainFields = new Set<string>([...pathFields, 'type', 'displayPath', 'edit_mode', 'cell_type'])

/** Withholds in every object that stands beside an excluded path, and in commands that write one; true when there was one. */
export const withholdWithin = (value: unknown, isExcluded: IsExcluded): boolean => {
  let changed = false
  if (Array.isArray(value)) {
    for (const item of value) if (withholdWithin(item, isExcluded)) changed = true
    return changed
  }
  if (!isFields(value)) return false
  if (namesExcluded(value, isExcluded)) return blank(value)
  if (withholdCommand(value, isExcluded)) changed = true
  for (const item of Object.values(value))
    if (typeof item === 'object' && item !== null && withholdWithin(item, isExcluded)) changed = true
  return changed
}

/** Whether these fields name an excluded file as the one they are of. */
export const namesExcluded = (fields: Fields, isExcluded: IsExcluded): boolean =>
  pathFields.some((name) => {
    const path = fields[name]
    return typeof path === 'string' && isExcluded(path)
  })

/** Whether a use of a tool is of an excluded file, so that nothing of what it gives is to be kept. */
export const usesExcluded = (input: Fields, isExcluded: IsExcluded): boolean => {
  if (namesExcluded(input, isExcluded)) return true
  const command = textIn(input, 'command')
  if (command === undefined) return false
  return command === withheldMark || filesOfCommand(command).some(({ path }) => isExcluded(path))
}

/** Whether a use of a tool gives lines of files, each with its file's name before it. */
export const searchesFiles = (tool: string | undefined, input: Fields): boolean => {
  const command = textIn(input, 'command')
  return tool === 'Grep' || (command !== undefined && isSearch(command))
}

/** A command that writes such a file holds what it writes. */
const withholdCommand = (fields: Fields, isExcluded: IsExcluded): boolean => {
  const command = textIn(fields, 'command')
  if (command === undefined || command === withheldMark) return false
  if (!filesOfCommand(command).some(({ path, written }) => written && isExcluded(path))) return false
  fields['command'] = withheldMark
  return true
}

/** where a line that a search found says which it is: `path:12:text`, or `path-12-text` of the lines around it */
const place = /[:-]\d+[:-]/g
/** the same of a search that does not count lines */
const end = /[:-]/g
/** a path may hold what looks like one; so many are tried */
const mostPlaces = 16
const longestPath = 4096

/**
 * Lines of excluded files, in what a search gave, without their text: in this field, or in those that it holds. True
 * when there was one.
 */
export const withholdFound = (holder: Fields, name: string, isExcluded: IsExcluded): boolean => {
  const gave = holder[name]
  if (typeof gave === 'string') {
    const safe = gave.replace(/.+/g, (line) => safeLine(line, isExcluded))
    holder[name] = safe
    return safe !== gave
  }
  let changed = false
  for (const part of Array.isArray(gave) ? gave : [gave])
    for (const text of ['content', 'stdout', 'text'])
      if (isFields(part) && typeof part[text] === 'string' && withholdFound(part, text, isExcluded))
        changed = true
  return changed
}

const safeLine = (line: string, isExcluded: IsExcluded): string => {
  let tried = 0
  for (const { 0: found, index } of line.matchAll(place)) {
    const path = line.slice(0, index)
    if (index > longestPath || (tried > 0 && (/\s/.test(path) || tried === mostPlaces))) break
    if (isExcluded(path)) return `${path}${found}${withheldMark}`
    if (found.startsWith(':')) return line
    tried++
  }
  tried = 0
  for (const { 0: found, index } of (/^\S+/.exec(line)?.[0] ?? '').matchAll(end)) {
    if (index > longestPath) break
    const path = line.slice(0, index)
    if (/[./]/.test(path) && isExcluded(path)) return `${path}${found}${withheldMark}`
    if (++tried === mostPlaces) break
  }
  return line
}

const blank = (fields: Fields): boolean => {
  let changed = false
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string') {
      if (plainFields.has(name) || value === '' || value === withheldMark) continue
      fields[name] = withheldMark
      changed = true
    } else if (Array.isArray(value)) {
      fields[name] = [withheldMark]
      changed = true
    } else if (isFields(value) && blank(value)) changed = true
  }
  return changed
}
