// One change of a file as hunks of a unified diff, from what its tool was given and gave: the hunks that the tool made
// itself, or the file before and after, or, where neither was kept, the texts that were exchanged.

import { structuredPatch } from 'diff'
import type { FileChange } from '../../protocol/prompts.ts'
import { type Fields, fieldsIn, isFields, numberIn, textIn } from '../../lib/fields.ts'
import { withheldMark } from '../../lib/withhold.ts'

export type Patch = Pick<FileChange, 'patch' | 'added' | 'removed' | 'withheld' | 'part'>

type Hunk = { oldStart: number; oldLines: number; newStart: number; newLines: number; lines: string[] }

const context = 3
/** texts that differ so much that this is not enough are told as one removed and one added */
const comparedMs = 100
const comparedCharacters = 1024 * 1024

/** @param given what the tool was given @param gave what came of it, when that is known */
export const patchOf = (given: Fields, gave: unknown): Patch => {
  if (gave === withheldMark || isWithheld(given) || (isFields(gave) && isWithheld(gave))) return withheld
  const result = isFields(gave) ? gave : {}
  const own = hunksIn(result['structuredPatch'])
  if (own.length > 0) return patchOfHunks(own)
  const before = stringIn(result, 'originalFile') ?? stringIn(result, 'original_file')
  const after = stringIn(result, 'content') ?? stringIn(result, 'updated_file')
  if (result['type'] === 'create' && after !== undefined) return compared('', after)
  if (before !== undefined && after !== undefined) return compared(before, after)
  const edited = before === undefined ? undefined : editedText(before, result)
  if (before !== undefined && edited !== undefined) return compared(before, edited)
  return exchanged(given)
}

/** What a captured conversation told: the whole file, before and after. */
export const patchOfCaptured = (record: Fields): Patch => {
  if (record['withheld'] === true || isWithheld(record)) return withheld
  return compared(stringIn(record, 'before') ?? '', stringIn(record, 'after') ?? '')
}

const withheld: Patch = { patch: '', added: 0, removed: 0, withheld: true }

const isWithheld = (fields: Fields): boolean =>
  Object.values(fields).some(
    (value) => value === withheldMark || (Array.isArray(value) && value[0] === withheldMark),
  )

/** A text, also an empty one. */
const stringIn = (fields: Fields, name: string): string | undefined => {
  const value = fields[name]
  return typeof value === 'string' ? value : undefined
}

const hunksIn = (value: unknown): Hunk[] => {
  if (!Array.isArray(value)) return []
  const hunks = value.map((each): Hunk | undefined => {
    if (!isFields(each) || !Array.isArray(each['lines'])) return undefined
    const lines = each['lines'].filter(
      (line): line is string => typeof line === 'string' && /^[ +\-\\]/.test(line),
    )
    const [oldStart, oldLines] = [numberIn(each, 'oldStart'), numberIn(each, 'oldLines')]
    const [newStart, newLines] = [numberIn(each, 'newStart'), numberIn(each, 'newLines')]
    if (oldStart === undefined || oldLines === undefined) return undefined
    return newStart === undefined || newLines === undefined
      ? undefined
      : { oldStart, oldLines, newStart, newLines, lines }
  })
  return hunks.filter((hunk) => hunk !== undefined)
}

/** The file after an exchange of texts. */
const editedText = (before: string, result: Fields): string | undefined => {
  const [old, fresh] = [stringIn(result, 'oldString'), stringIn(result, 'newString')]
  if (old === undefined || fresh === undefined || !before.includes(old)) return undefined
  // by a function: `$&` in a text stands for itself
  return result['replaceAll'] === true
    ? before.replaceAll(old, () => fresh)
    : before.replace(old, () => fresh)
}

/** What was exchanged for what, without the rest of the file: its lines are counted from its own first. */
const exchanged = (given: Fields): Patch => {
  const edits = Array.isArray(given['edits']) ? given['edits'].filter(isFields) : [given]
  const patches = edits.map((edit) => {
    const old = stringIn(edit, 'old_string') ?? ''
    const fresh =
      stringIn(edit, 'new_string') ?? stringIn(edit, 'content') ?? stringIn(edit, 'new_source') ?? ''
    return compared(old, fresh)
  })
  return {
    // whether the file ends there is not known
    patch: patches.map(({ patch }) => patch.replace(/^\\ .*\n/gm, '')).join(''),
    added: patches.reduce((sum, { added }) => sum + added, 0),
    removed: patches.reduce((sum, { removed }) => sum + removed, 0),
    part: true,
  }
}

const compared = (before: string, after: string): Patch => {
  if (before.length + after.length <= comparedCharacters) {
    const found = structuredPatch('', '', before, after, '', '', { context, timeout: comparedMs })
    if (found) return patchOfHunks(found.hunks)
  }
  const [old, fresh] = [linesOf(before, '-'), linesOf(after, '+')]
  return patchOfHunks([
    {
      oldStart: 1,
      oldLines: old.length,
      newStart: 1,
      newLines: fresh.length,
      lines: [...old, ...fresh],
    },
  ])
}

const linesOf = (text: string, mark: '-' | '+'): string[] => {
  if (text === '') return []
  const lines = text.replace(/\n$/, '').split('\n')
  return lines.map((line) => `${mark}${line}`)
}

const patchOfHunks = (hunks: readonly Hunk[]): Patch => {
  let patch = ''
  let added = 0
  let removed = 0
  for (const { oldStart, oldLines, newStart, newLines, lines } of hunks) {
    patch += `@@ -${range(oldStart, oldLines)} +${range(newStart, newLines)} @@\n`
    for (const line of lines) {
      patch += `${line}\n`
      if (line.startsWith('+')) added++
      else if (line.startsWith('-')) removed++
    }
  }
  return { patch, added, removed }
}

/** Of no lines it is the one before. */
const range = (start: number, lines: number): string =>
  lines === 1 ? `${start}` : lines === 0 ? `${start - 1},0` : `${start},${lines}`

/** What a tool was given, in the record of its use. */
export const givenIn = (record: Fields, use: string | null): Fields => {
  const content = fieldsIn(record, 'message')?.['content']
  if (!Array.isArray(content)) return {}
  const block = content.find(
    (each): each is Fields => isFields(each) && (use === null || textIn(each, 'id') === use),
  )
  return (block && fieldsIn(block, 'input')) ?? {}
}
