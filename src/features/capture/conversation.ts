// What a captured conversation says, made fit for a file of its repository.

import type { Captured, Saved } from '../../protocol/capture.ts'
import { redact } from '../../lib/redact.ts'
import { type Repository, repositoryOf } from '../../lib/repository.ts'
import type { Active, BegunSave } from './active.ts'
import type { Conversation } from '../../lib/prompt-document.ts'
import { savePrompt } from '../../lib/prompt-files.ts'

type Said = Pick<Captured, 'messages' | 'changes'>

/** The folder that a conversation says it belongs to. */
export const folderOf = ({ metadata: { cwd, repoPath } }: Pick<Active, 'metadata'>): string | undefined => {
  if (typeof cwd === 'string' && cwd !== '') return cwd
  return typeof repoPath === 'string' && repoPath !== '' ? repoPath : undefined
}

/** Those that say they belong to exactly this folder, or are of its repository. */
export const ofFolder = async (among: readonly Active[], folder: string): Promise<Active[]> => {
  const named = bare(folder)
  const wanted = await repositoryOf(folder)
  const found: Active[] = []
  for (const one of among) {
    const { cwd, repoPath } = one.metadata
    const says = [cwd, repoPath].some((place) => typeof place === 'string' && bare(place) === named)
    if (says || (wanted && (await repositoryOfActive(one))?.common === wanted.common)) found.push(one)
  }
  return found
}

const bare = (folder: string): string => folder.replace(/(?<=.)\/+$/, '')

export const repositoryOfActive = async (active: Active): Promise<Repository | undefined> => {
  const folder = folderOf(active)
  return folder === undefined ? undefined : await repositoryOf(folder)
}

/** Writes it. Throws when the repository's `.prompts` cannot be written. */
export const writeConversation = async (
  active: Active,
  said: Said,
  save: BegunSave,
  { repository, umask, mask }: { repository: Repository; umask: number; mask: boolean },
): Promise<Saved> => {
  const { conversation, redacted } = await fitForFile(active, said, mask)
  const { version, at } = save
  // any text that a tool takes for the name of a commit
  const commit = save.commit === undefined || !mask ? save.commit : redact(save.commit).text
  const { id, file } = await savePrompt(repository, conversation, { version, at, commit, umask })
  return {
    saved: true,
    kept: 'repository',
    prompt: id,
    file,
    ...(Object.keys(redacted).length > 0 && { redacted }),
  }
}

/** characters that are looked through before others have their turn */
const atOnce = 128 * 1024

/** Without secrets in any of its texts, unless the user's settings leave them in. */
const fitForFile = async (
  { id, tool = 'generic', metadata, startedAt }: Active,
  { messages, changes }: Said,
  mask: boolean,
): Promise<{ conversation: Conversation; redacted: Record<string, number> }> => {
  const redacted: Record<string, number> = {}
  const fit = (text: string): string => {
    if (!mask) return text
    const { text: safe, found } = redact(text)
    for (const [kind, count] of Object.entries(found)) redacted[kind] = (redacted[kind] ?? 0) + count
    return safe
  }
  const fitMessages: { role: string; content: string }[] = []
  let length = 0
  for (const { role, content } of messages) {
    fitMessages.push({ role: fit(role), content: fit(content) })
    length += content.length
    if (length < atOnce) continue
    length = 0
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { model, tags, temperature, maxTokens } = metadata
  const conversation: Conversation = {
    id,
    tool: fit(tool),
    startedAt,
    messages: fitMessages,
    files: changes.map(({ filePath }) => fit(filePath)),
    metadata: {
      model: typeof model === 'string' ? fit(model) : undefined,
      tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string').map(fit) : [],
      temperature,
      maxTokens,
    },
  }
  return { conversation, redacted }
}
