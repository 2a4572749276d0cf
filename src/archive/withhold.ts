// Contents of excluded files, taken out of a record of a transcript before anything of it is written: the tool's own
// lines around what src/lib/withhold.ts takes out.
//
// Where they are: in what a tool was given (Edit, Write, …) and gave, in lines that a search found, in files that were
// attached, in the copies of requests that the tool keeps, and in the output of a command that names such a file.

import type { IsExcluded } from '../lib/exclude.ts'
import { type Fields, fieldsIn, isFields, textIn } from '../lib/fields.ts'
import { keepNewest } from '../lib/newest.ts'
import {
  namesExcluded,
  searchesFiles,
  usesExcluded,
  withheldMark,
  withholdFound,
  withholdWithin,
} from '../lib/withhold.ts'

/** uses of tools whose results are to be withheld, by id, or looked through, by `found:` and id; those without a result yet */
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
  let changed = withholdWithin(record, isExcluded)
  // an attachment's text as it was sent stands beside it
  if (changed && type === 'attachment' && record['rendered'] !== undefined) record['rendered'] = withheldMark
  const content = fieldsIn(record, 'message')?.['content']
  if (Array.isArray(content)) {
    for (const block of content)
      if (isFields(block) && withheldBlock(block, record, isExcluded, waiting)) changed = true
    if (changed && isFields(record['toolUseResult'])) {
      // the result is told twice: to the model, and in its parts
      for (const block of content)
        if (
          isFields(block) &&
          block['type'] === 'tool_result' &&
          isOfExcluded(record['toolUseResult'], isExcluded)
        )
          block['content'] = withheldMark
    }
    if (record['toolUseResult'] !== undefined && content.some((block) => isMarked(block))) {
      if (!isFields(record['toolUseResult']) || !isOfExcluded(record['toolUseResult'], isExcluded))
        record['toolUseResult'] = withheldMark
    }
  }
  return changed ? record : undefined
}

const isMarked = (block: unknown): boolean =>
  isFields(block) && block['type'] === 'tool_result' && block['content'] === withheldMark

/** What comes of a use of an excluded file; what the use itself says of it is withheld where it stands. */
const withheldBlock = (block: Fields, record: Fields, isExcluded: IsExcluded, waiting: Withheld): boolean => {
  if (block['type'] === 'tool_use') {
    const input = fieldsIn(block, 'input')
    const id = textIn(block, 'id')
    if (!input || id === undefined) return false
    if (usesExcluded(input, isExcluded)) waiting.add(id)
    else if (searchesFiles(textIn(block, 'name'), input)) waiting.add(`found:${id}`)
    keepNewest(waiting, mostWaiting)
    return false
  }
  const use = block['type'] === 'tool_result' ? textIn(block, 'tool_use_id') : undefined
  if (use === undefined) return false
  if (waiting.delete(use)) {
    block['content'] = withheldMark
    return true
  }
  const result = fieldsIn(record, 'toolUseResult')
  if (!waiting.delete(`found:${use}`) && result?.['mode'] !== 'content') return false
  // what a search found is told twice as well
  const isTold = withholdFound(block, 'content', isExcluded)
  return withholdFound(record, 'toolUseResult', isExcluded) || isTold
}

/** Whether these fields, or the file they hold, are of an excluded one. */
const isOfExcluded = (fields: Fields, isExcluded: IsExcluded): boolean => {
  const inner = fieldsIn(fields, 'file')
  return namesExcluded(fields, isExcluded) || (inner !== undefined && namesExcluded(inner, isExcluded))
}

/** The tool's own copy of what it sent: a message in which an excluded file is named loses its text. */
const withheldRequest = (record: Fields, isExcluded: IsExcluded): boolean => {
  const message = fieldsIn(record, 'message')
  if (!message || !tellsOfExcluded(JSON.stringify(message['content'] ?? ''), isExcluded)) return false
  message['content'] = withheldMark
  return true
}

/** Whether a text, JSON perhaps, names an excluded file where a tool would. */
export const tellsOfExcluded = (text: string, isExcluded: IsExcluded): boolean => {
  for (const [, path = ''] of text.matchAll(
    /(?:file_path|filePath|filename|notebook_path)\\*"\s*:\s*\\*"([^"\\]+)/g,
  ))
    if (isExcluded(path)) return true
  return false
}
