// What the records of a transcript say: Claude Code's, as its 2.1.329 writes them and older ones did, and ours for
// sessions that were captured (`captured.message`, `captured.change`). A record of a type that nobody knows says
// nothing, and is kept all the same.
//
// One record may hold several messages: the blocks of its content, in their order.

import type { messageKinds } from '../protocol/archive.ts'
import { type Fields, fieldsIn, isFields, textIn } from '../lib/fields.ts'

export type MessageKind = (typeof messageKinds)[number]

/** One part of a record that people read. */
export type Part = {
  kind: MessageKind
  role: 'user' | 'assistant' | 'system'
  text: string
  /** what it is found by, when that is not its text */
  words?: string
  /** of kind `tool` */
  tool?: string
  /** the id that joins what a tool was given and what it gave */
  use?: string
  failed?: boolean
  /** a file that this changes */
  change?: { path: string; kind: string }
}

/** the types that are big and say nothing to people: they are not even parsed when nothing need be withheld */
export const isInternal = (type: string): boolean =>
  type.startsWith('api-request') || type === 'file-history-snapshot'

/** Epoch milliseconds; undefined when it says none that could be. */
export const timeOf = (record: Fields): number | undefined => {
  const said = record['timestamp'] ?? record['at']
  const at = typeof said === 'number' ? said : typeof said === 'string' ? Date.parse(said) : Number.NaN
  return Number.isFinite(at) && at > 0 && at < 2 ** 47 ? Math.trunc(at) : undefined
}

export const partsOf = (record: Fields): Part[] => {
  switch (record['type']) {
    case 'user':
      return userParts(record)
    case 'assistant':
      return assistantParts(record)
    case 'system':
      return systemParts(record)
    case 'attachment':
      return queuedPrompt(record)
    case 'captured.message':
      return capturedMessage(record)
    case 'captured.change':
      return capturedChange(record)
    default:
      return []
  }
}

/** what the tool itself wrote in the user's name */
const notes =
  /^\s*(?:<(?:local-command-(?:caveat|stdout|stderr)|command-(?:name|message)|task-notification|bash-(?:input|stdout|stderr)|system-reminder)>|\[Request interrupted)/

const userParts = (record: Fields): Part[] => {
  const message = fieldsIn(record, 'message')
  const content = message?.['content']
  const said = (text: string): Part => {
    if (record['isCompactSummary'] === true) return { kind: 'summary', role: 'user', text }
    const command = commandIn(text)
    if (command !== undefined)
      return { kind: command.includes(' ') ? 'prompt' : 'note', role: 'user', text: command }
    const own = record['isMeta'] !== true && !notes.test(text)
    return { kind: own ? 'prompt' : 'note', role: 'user', text }
  }
  if (typeof content === 'string') return content === '' ? [] : [said(content)]
  if (!Array.isArray(content)) return []
  return content.flatMap((block): Part[] => {
    if (!isFields(block)) return []
    if (block['type'] === 'text') return [said(textIn(block, 'text') ?? '')]
    if (block['type'] === 'tool_result') return [resultOf(block, record)]
    return [{ kind: 'note', role: 'user', text: `[${textIn(block, 'type') ?? 'unknown'}]` }]
  })
}

/** `/name args` of a command that was typed. */
const commandIn = (text: string): string | undefined => {
  const name = /<command-name>([^<]*)<\/command-name>/.exec(text.slice(0, 2000))?.[1]?.trim()
  if (!name) return undefined
  const args = /<command-args>([^]*?)<\/command-args>/.exec(text)?.[1]?.trim()
  return args ? `${name} ${args}` : name
}

const resultOf = (block: Fields, record: Fields): Part => {
  const use = textIn(block, 'tool_use_id')
  const created = fieldsIn(record, 'toolUseResult')?.['type'] === 'create'
  return {
    kind: 'result',
    role: 'user',
    text: contentText(block['content']),
    ...(use !== undefined && { use }),
    ...(block['is_error'] === true && { failed: true }),
    ...(created && { change: { path: '', kind: 'create' } }),
  }
}

/** The texts of a content, whatever else is in it named by its type. */
const contentText = (content: unknown): string => {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .map((block) =>
      isFields(block) ? (textIn(block, 'text') ?? `[${textIn(block, 'type') ?? 'unknown'}]`) : '',
    )
    .join('\n')
}

const assistantParts = (record: Fields): Part[] => {
  const content = fieldsIn(record, 'message')?.['content']
  const role = 'assistant'
  const failed = record['isApiErrorMessage'] === true
  const answer = (text: string): Part => ({
    kind: failed ? 'note' : 'answer',
    role,
    text,
    ...(failed && { failed }),
  })
  if (typeof content === 'string') return content === '' ? [] : [answer(content)]
  if (!Array.isArray(content)) return []
  return content.flatMap((block): Part[] => {
    if (!isFields(block)) return []
    const type = textIn(block, 'type')
    if (type === 'text') return [answer(textIn(block, 'text') ?? '')]
    if (type === 'thinking') {
      const text = textIn(block, 'thinking')
      return text === undefined ? [] : [{ kind: 'thinking', role, text }]
    }
    if (type === 'tool_use' || type === 'server_tool_use') return [useOf(block, record)]
    if (type === 'redacted_thinking') return []
    return [{ kind: 'note', role, text: `[${type ?? 'unknown'}]` }]
  })
}

/** tools that change the file they name */
const changing: Record<string, string> = {
  Edit: 'edit',
  MultiEdit: 'edit',
  Write: 'write',
  NotebookEdit: 'notebook',
}

const useOf = (block: Fields, record: Fields): Part => {
  const tool = textIn(block, 'name') ?? 'unknown'
  const use = textIn(block, 'id')
  const input = fieldsIn(block, 'input')
  const path = input && (textIn(input, 'file_path') ?? textIn(input, 'notebook_path'))
  const kind = Object.hasOwn(changing, tool) ? changing[tool] : undefined
  return {
    kind: 'tool',
    role: 'assistant',
    tool,
    text: inputText(block['input']),
    words: isFields(block['input']) ? Object.values(block['input']).map(plain).join('\n') : '',
    ...(use !== undefined && { use }),
    ...(kind !== undefined && path !== undefined && { change: { path: absolute(path, record), kind } }),
  }
}

const absolute = (path: string, record: Fields): string =>
  path.startsWith('/') ? path : `${textIn(record, 'cwd') ?? ''}/${path.replace(/^\.\//, '')}`

/** What a tool was given, a line for each field. */
const inputText = (input: unknown): string => {
  if (!isFields(input)) return plain(input)
  return Object.entries(input)
    .map(([name, value]) => `${name}: ${plain(value)}`)
    .join('\n')
}

const plain = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined ? '' : (JSON.stringify(value) ?? '')

const systemParts = (record: Fields): Part[] => {
  const text = textIn(record, 'content')
  const subtype = textIn(record, 'subtype')
  const shown = subtype === 'compact_boundary' || subtype === 'api_error' || subtype === 'informational'
  return shown && text !== undefined ? [{ kind: 'note', role: 'system', text }] : []
}

/** What was typed while a turn ran. */
const queuedPrompt = (record: Fields): Part[] => {
  const attachment = fieldsIn(record, 'attachment')
  if (attachment?.['type'] !== 'queued_command') return []
  const text = contentText(attachment['prompt'])
  return text === '' ? [] : [{ kind: notes.test(text) ? 'note' : 'prompt', role: 'user', text }]
}

const capturedMessage = (record: Fields): Part[] => {
  const text = plain(record['content'])
  if (text === '') return []
  if (record['role'] === 'user') return [{ kind: 'prompt', role: 'user', text }]
  return record['role'] === 'assistant'
    ? [{ kind: 'answer', role: 'assistant', text }]
    : [{ kind: 'note', role: 'system', text }]
}

const capturedChange = (record: Fields): Part[] => {
  const path = textIn(record, 'filePath')
  if (path === undefined) return []
  const change = { path: absolute(path, record), kind: 'edit' }
  return [{ kind: 'tool', role: 'assistant', tool: 'change', text: `file_path: ${path}`, change }]
}
