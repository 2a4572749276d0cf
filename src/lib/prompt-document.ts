// A conversation as the document that stands in `.prompts/prompts/<id>.yaml`.
// Source: the files that gitify-prompt's capture daemon wrote, field for field.

export type Conversation = {
  readonly id: string
  readonly tool: string
  /** epoch ms */
  readonly startedAt: number
  readonly messages: readonly { readonly role: string; readonly content: string }[]
  /** one for each change, as its teller named it */
  readonly files: readonly string[]
  readonly metadata: Readonly<Record<string, unknown>>
}

export type PromptDocument = {
  content: string
  commitMessage: string
  metadata: {
    model: string
    tags: string[]
    temperature?: number
    maxTokens?: number
    tool: string
    sessionId: string
    captureTime: string
    gitCommit?: string
    filesModified: string[]
  }
  description: string
  id: string
  version: string
  timestamp: string
  lastModified: string
}

const descriptionLength = 100
const wordsInId = 3
/** a file's name holds 255 bytes, a number and an ending too */
const idLength = 120

/** The first three words of the first question that say something, or the session when it has none. */
export const promptIdOf = ({ id, messages }: Pick<Conversation, 'id' | 'messages'>): string => {
  const asked = messages.find(({ role }) => role === 'user')?.content ?? ''
  const words = asked
    .toLowerCase()
    .replace(/[^a-z0-9\s]/g, '')
    .split(/\s+/)
    .filter((word) => word.length > 2)
  const name = words.slice(0, wordsInId).join('-').slice(0, idLength)
  return name === '' ? `auto-${id.replace(/[^\w-]/g, '').slice(0, idLength)}` : name
}

/**
 * Half of a character, which no file holds, is written as the mark for it.
 * @param at when it is saved, epoch ms
 */
export const promptDocument = (
  conversation: Conversation,
  { id, version, at, commit }: { id: string; version: string; at: number; commit?: string | undefined },
): PromptDocument => {
  const { messages, files, metadata } = conversation
  const tool = conversation.tool.toWellFormed()
  const { model, tags, temperature, maxTokens } = metadata
  const asked = messages.find(({ role }) => role === 'user')?.content ?? ''
  const saved = new Date(at).toISOString()
  return {
    content: contentOf(conversation).toWellFormed(),
    commitMessage: `Auto-captured from ${tool} (${messages.length} messages)`,
    metadata: {
      model: typeof model === 'string' && model !== '' ? model.toWellFormed() : 'unknown',
      tags: ['auto-captured', tool, ...textsOf(tags)],
      ...(typeof temperature === 'number' && { temperature }),
      ...(typeof maxTokens === 'number' && { maxTokens }),
      tool,
      sessionId: conversation.id,
      captureTime: new Date(conversation.startedAt).toISOString(),
      ...(commit !== undefined && { gitCommit: commit.toWellFormed() }),
      filesModified: files.map((file) => file.toWellFormed()),
    },
    description: describe(asked).toWellFormed(),
    id,
    version,
    timestamp: saved,
    lastModified: saved,
  }
}

const describe = (asked: string): string =>
  asked.length > descriptionLength ? `${asked.slice(0, descriptionLength)}...` : asked

const textsOf = (value: unknown): string[] =>
  Array.isArray(value)
    ? value.filter((each) => typeof each === 'string').map((each) => each.toWellFormed())
    : []

const contentOf = ({ id, tool, startedAt, messages, files }: Conversation): string => {
  const head = `# Auto-captured conversation from ${tool}\n\nSession ID: ${id}\nStarted: ${new Date(startedAt).toISOString()}\n\n## Conversation\n\n`
  const said = messages.map(({ role, content }) => `**${role}**: ${content}\n\n`).join('')
  if (files.length === 0) return head + said
  return `${head}${said}## Code Changes (${files.length})\n\n${files.map((file) => `- ${file}\n`).join('')}`
}
