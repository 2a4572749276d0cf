// Contents of excluded files, taken out of a record before anything of it is written. The path stays, and a marker says
// what happened; everything else of the record is as it was.
//
// Where they are: in what a tool was given (Edit, Write, …) and gave, in lines that a search found, in files that were
// attached, in the copies of requests that the tool keeps, and in the output of a command that names such a file.

import type { IsExcluded } from '../lib/exclude.ts'
import { type Fields, fieldsIn, isFields, textIn } from './fields.ts'

export const withheldMark = '[withheld: the file is excluded]'

/** fields that name the file which the fields beside them are of */
const pathFields = ['file_path', 'filePath', 'notebook_path', 'filename', 'path'] as const

/** texts beside a path that are no content */
const plainFields = new Set<string>([...pathFields, 'type', 'displayPath', 'edit_mode', 'cell_type'])

/** uses of tools whose results are to be withheld, by id; those without a result yet */
export type Withheld = Set<string>

/** waiting for a result that never came: so many are remembered */
const mostWaiting = 100

/**
 * The record without contents of excluded files; the very same object, changed, or undefined when nothing was changed.
 * @param waiting is kept up to date, and belongs to one transcript
 */
export const withhold = (record: Fields, isExcluded: IsExcluded, waiting: Withheld): Fields | undefined => {
  const type = record['type']
  if (typeof type === 'string' && type.startsWith('api-request'))
    return withheldRequest(record, isExcluded) ? record : undefined
  let changed = walk(record, isExcluded)
  // an attachment's text as it was sent stands beside it
  if (changed && type === 'attachment' && record['rendered'] !== undefined) record['rendered'] = withheldMark
  const content = fieldsIn(record, 'message')?.['content']
  if (withheldFindings(record['toolUseResult'], content, isExcluded)) changed = true
  if (Array.isArray(content)) {
    for (const block of content)
      if (isFields(block) && withheldBlock(block, isExcluded, waiting)) changed = true
    if (changed && isFields(record['toolUseResult'])) {
      // the result is told twice: to the model, and in its parts
      for (const block of content)
        if (isFields(block) && block['type'] === 'tool_result' && pathOf(record['toolUseResult'], isExcluded))
          block['content'] = withheldMark
    }
    if (record['toolUseResult'] !== undefined && content.some((block) => isMarked(block))) {
      if (!isFields(record['toolUseResult']) || !pathOf(record['toolUseResult'], isExcluded))
        record['toolUseResult'] = withheldMark
    }
  }
  return changed ? record : undefined
}

/** a line that a search found: `path:12:text`, or `path-12-text` of the lines around it */
const finding = /^([^\s:]+?)([:-]\d+[:-]).*$/gm

/** What a search found is told twice as well; lines of excluded files lose their text. */
const withheldFindings = (result: unknown, content: unknown, isExcluded: IsExcluded): boolean => {
  if (!isFields(result) || result['mode'] !== 'content' || typeof result['content'] !== 'string') return false
  const safe = (text: string): string =>
    text.replace(finding, (line, path: string, place: string) =>
      isExcluded(path) ? `${path}${place}${withheldMark}` : line,
    )
  const told = safe(result['content'])
  if (told === result['content']) return false
  result['content'] = told
  for (const block of Array.isArray(content) ? content : []) {
    if (!isFields(block) || block['type'] !== 'tool_result') continue
    block['content'] = typeof block['content'] === 'string' ? safe(block['content']) : told
  }
  return true
}

const isMarked = (block: unknown): boolean =>
  isFields(block) && block['type'] === 'tool_result' && block['content'] === withheldMark

/** What a block of a message says of excluded files. */
const withheldBlock = (block: Fields, isExcluded: IsExcluded, waiting: Withheld): boolean => {
  if (block['type'] === 'tool_use') {
    const input = fieldsIn(block, 'input')
    const id = textIn(block, 'id')
    if (!input || id === undefined) return false
    const command = textIn(input, 'command')
    const named = command !== undefined && filesIn(command).some(isExcluded)
    if (!named && !pathOf(input, isExcluded)) return false
    waiting.add(id)
    for (const oldest of waiting) {
      if (waiting.size <= mostWaiting) break
      waiting.delete(oldest)
    }
    if (!named || !writes(command, isExcluded)) return false
    input['command'] = withheldMark
    return true
  }
  if (block['type'] !== 'tool_result') return false
  const use = textIn(block, 'tool_use_id')
  if (use === undefined || !waiting.delete(use)) return false
  block['content'] = withheldMark
  return true
}

/** The path in these fields, or in the file they hold, when it is excluded. */
const pathOf = (fields: Fields, isExcluded: IsExcluded): string | undefined => {
  const inner = fieldsIn(fields, 'file')
  for (const each of inner ? [fields, inner] : [fields])
    for (const name of pathFields) {
      const path = each[name]
      if (typeof path === 'string' && isExcluded(path)) return path
    }
  return undefined
}

/** Words of a command that name a file: a slash or a dot in them tells. */
const filesIn = (command: string): string[] =>
  command.split(/[\s"'`=;|&<>()]+/).filter((word) => word.includes('.') || word.includes('/'))

/** A command that writes such a file holds what it writes. */
const writes = (command: string, isExcluded: IsExcluded): boolean =>
  [...command.matchAll(/(?:>>?|\btee\s+(?:-a\s+)?)\s*["']?([^\s"'`;|&<>()]+)/g)].some(([, path]) =>
    isExcluded(path ?? ''),
  )

/** Withholds in every object that stands beside an excluded path; true when there was one. */
const walk = (value: unknown, isExcluded: IsExcluded): boolean => {
  let changed = false
  if (Array.isArray(value)) {
    for (const item of value) if (walk(item, isExcluded)) changed = true
    return changed
  }
  if (!isFields(value)) return false
  for (const name of pathFields) {
    const path = value[name]
    if (typeof path === 'string' && isExcluded(path)) return blank(value)
  }
  for (const item of Object.values(value))
    if (typeof item === 'object' && item !== null && walk(item, isExcluded)) changed = true
  return changed
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

/** The tool's own copy of what it sent: a message in which an excluded file is named loses its text. */
const withheldRequest = (record: Fields, isExcluded: IsExcluded): boolean => {
  const message = fieldsIn(record, 'message')
  if (!message || !namesExcluded(JSON.stringify(message['content'] ?? ''), isExcluded)) return false
  message['content'] = withheldMark
  return true
}

/** Whether a text, JSON perhaps, names an excluded file where a tool would. */
export const namesExcluded = (text: string, isExcluded: IsExcluded): boolean => {
  for (const [, path = ''] of text.matchAll(
    /(?:file_path|filePath|filename|notebook_path)\\*"\s*:\s*\\*"([^"\\]+)/g,
  ))
    if (isExcluded(path)) return true
  return false
}
