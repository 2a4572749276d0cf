// Transcripts as Claude Code writes them, as many bytes as asked for: prompts, thinking, answers in several rows, tools
// with what they were given and gave (told twice, as it does), copies of requests, attachments. The words are drawn
// from 20,000 made-up ones, the common ones often, so that an index has the work that real text makes it.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A stream of numbers from 0 to 1 that is the same each time. */
export const numbers = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const random = numbers(20261121)
const syllables = [
  'ba',
  'cor',
  'den',
  'fi',
  'gul',
  'ho',
  'jan',
  'ket',
  'lo',
  'mer',
  'nis',
  'pol',
  'ra',
  'sit',
  'tur',
  'vex',
]
const vocabulary = Array.from({ length: 20_000 }, () =>
  Array.from({ length: 1 + Math.floor(random() * 4) }, () => syllables[Math.floor(random() * 16)]).join(''),
)
const word = (): string => vocabulary[Math.floor(20_000 * random() ** 3)] ?? ''
export const words = (count: number): string => Array.from({ length: count }, word).join(' ')
const between = (least: number, most: number): number => Math.floor(least + random() * (most - least))

const uuid = (): string => {
  const hex = Array.from({ length: 4 }, () =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0'),
  ).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}

/** One session's transcript of about so many bytes; every turn is a prompt, some tools, an answer. */
export const transcriptOf = (
  bytes: number,
  startedAt: number,
): { id: string; text: string; messages: number } => {
  const id = uuid()
  const lines: string[] = []
  let size = 0
  let at = startedAt
  let parent: string | null = null
  let messages = 0
  const put = (record: object): void => {
    const line = JSON.stringify(record)
    lines.push(line)
    size += line.length + 1
  }
  const chained = (record: object): void => {
    at += between(500, 20_000)
    const own = uuid()
    put({
      parentUuid: parent,
      isSidechain: false,
      ...record,
      uuid: own,
      timestamp: new Date(at).toISOString(),
      userType: 'external',
      entrypoint: 'cli',
      cwd: '/home/somebody/project',
      sessionId: id,
      version: '2.1.329',
      gitBranch: 'main',
    })
    parent = own
  }
  const says = (block: object, message: string): void => {
    messages++
    chained({
      type: 'assistant',
      message: {
        id: message,
        type: 'message',
        role: 'assistant',
        model: 'claude-opus-5-5',
        content: [block],
        usage: {
          input_tokens: 100,
          output_tokens: 40,
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: 9000,
        },
      },
    })
  }
  const gives = (use: string, content: string, toolUseResult: object): void => {
    messages++
    chained({
      type: 'user',
      message: { role: 'user', content: [{ tool_use_id: use, type: 'tool_result', content }] },
      toolUseResult,
    })
  }
  put({ type: 'api-request-shape', shapeHash: 'x', shape: { system: words(4000) } })
  // oxlint-disable-next-line no-unmodified-loop-condition -- `put` adds to the size
  while (size < bytes) {
    messages++
    chained({
      type: 'user',
      message: { role: 'user', content: words(between(5, 120)) },
      promptSource: 'typed',
    })
    put({ type: 'api-request-blob', hash: uuid(), message: { role: 'user', content: words(300) } })
    for (let step = between(2, 9); step > 0; step--) {
      const message = `msg_${uuid()}`
      const use = `toolu_${uuid()}`
      if (random() < 0.4) says({ type: 'thinking', thinking: words(between(20, 200)) }, message)
      const path = `/home/somebody/project/src/${word()}/${word()}.ts`
      const kind = random()
      if (kind < 0.4) {
        says({ type: 'tool_use', id: use, name: 'Read', input: { file_path: path } }, message)
        const content = Array.from({ length: between(20, 300) }, () => words(7)).join('\n')
        gives(use, content, { type: 'text', file: { filePath: path, content, numLines: 100 } })
      } else if (kind < 0.7) {
        const input = { command: `${word()} ${word()} --${word()}`, description: words(5) }
        says({ type: 'tool_use', id: use, name: 'Bash', input }, message)
        const stdout = words(between(10, 800))
        gives(use, stdout, { stdout, stderr: '', interrupted: false })
      } else {
        const [oldString, newString] = [words(between(10, 80)), words(between(10, 120))]
        const input = { file_path: path, old_string: oldString, new_string: newString }
        says({ type: 'tool_use', id: use, name: 'Edit', input }, message)
        const originalFile = Array.from({ length: between(20, 200) }, () => words(7)).join('\n')
        gives(use, `The file ${path} has been updated.`, {
          filePath: path,
          oldString,
          newString,
          originalFile,
        })
      }
    }
    says({ type: 'text', text: words(between(30, 300)) }, `msg_${uuid()}`)
  }
  return { id, text: `${lines.join('\n')}\n`, messages }
}

/** Fills a projects folder; most sessions are small, some large, as they are. */
export const fillProjects = (
  folder: string,
  bytes: number,
): { files: number; messages: number; bytes: number } => {
  const project = join(folder, '-home-somebody-project')
  mkdirSync(project, { recursive: true })
  const made = { files: 0, messages: 0, bytes: 0 }
  for (let at = Date.UTC(2026, 0, 1); made.bytes < bytes; at += 3_600_000) {
    const size = Math.min(bytes - made.bytes, Math.floor(50_000 + random() ** 4 * 20_000_000))
    const { id, text, messages } = transcriptOf(size, at)
    writeFileSync(join(project, `${id}.jsonl`), text)
    made.files++
    made.messages += messages
    made.bytes += text.length
  }
  return made
}
