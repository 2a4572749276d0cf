// Conversations as files of a repository: `.prompts/prompts/<id>.yaml`, a copy of each version in `.prompts/history/`,
// and the index of them in `.prompts/.meta/index.json`.
// Promises: a file is whole or not there; whoever saves at the same time, here or in another daemon, waits for their
// turn; a conversation keeps its file, another with the same first words gets its own; an index that cannot be read is
// set aside and made anew from the files. Saved again as the same version, the same files are the same: so a save that
// was cut off is done again. Nothing is written through a link, and nothing outside `.prompts/`.
// What it is given must be free of secrets.

import { randomBytes } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  type Stats,
  unlinkSync,
} from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { load } from 'js-yaml'
import { acquirePassingLock } from './file-lock.ts'
import { ownPlace } from './own-place.ts'
import type { Repository } from './repository.ts'
import { type Conversation, promptDocument, promptIdOf } from './prompt-document.ts'
import { promptText } from './prompt-text.ts'

export type SavedPrompt = {
  id: string
  version: string
  /** where it stands, absolute */
  file: string
}

type Index = Record<string, unknown>

/** how long another process may be at it */
const lockWaitMs = 10_000
const lockLookMs = 20
/** conversations that begin with the same words */
const sameWords = 10_000

const unfinished = '.tmp'

/** saves of one repository, one after the other */
const lines = new Map<string, Promise<unknown>>()

/** Which save this is: a version is 8 hex digits, `at` epoch ms. */
export type Save = {
  readonly version: string
  readonly at: number
  readonly commit?: string | undefined
  /** what the user's files leave out */
  readonly umask: number
}

export const newVersion = (): string => randomBytes(4).toString('hex')

/** Saves a conversation in its repository. Throws when `.prompts` cannot be written, or is not this user's folder. */
export const savePrompt = (
  repository: Repository,
  conversation: Conversation,
  save: Save,
): Promise<SavedPrompt> => {
  const { common, toplevel } = repository
  const before = lines.get(common) ?? Promise.resolve()
  const saved = before.then(async () => {
    using _ = await lockOf(common)
    return await write(toplevel, conversation, save)
  })
  const settled = saved.catch(() => undefined)
  lines.set(common, settled)
  void settled.then(() => {
    if (lines.get(common) === settled) lines.delete(common)
  })
  return saved
}

const lockOf = async (common: string): Promise<Disposable> => {
  for (const until = performance.now() + lockWaitMs; performance.now() < until; await Bun.sleep(lockLookMs)) {
    const lock = acquirePassingLock(join(common, 'paid-prompts.lock'))
    if (lock) return lock
  }
  throw new Error(`Another program has been writing the prompts of ${common} for ${lockWaitMs / 1000} s`)
}

const write = async (toplevel: string, conversation: Conversation, save: Save): Promise<SavedPrompt> => {
  const { version, at, umask } = save
  const top = folderIn(toplevel, '.prompts', umask)
  const meta = folderIn(top, '.meta', umask)
  const prompts = folderIn(top, 'prompts', umask)
  removeLeftovers(meta)
  const put = (path: string, text: string): Promise<void> => putWhole(path, text, meta, umask)
  const id = freeId(prompts, conversation)
  const document = promptDocument(conversation, { ...save, id })
  const text = promptText(document)
  const history = folderIn(folderIn(top, 'history', umask), id, umask)
  const file = join(prompts, `${id}.yaml`)
  await put(join(history, `${document.timestamp}-${version}.yaml`), text)
  await put(file, text)
  remember(file, lstatSync(file), conversation.id)
  const { lastModified, metadata } = document
  const entry = { lastVersion: version, lastModified, model: metadata.model, tags: metadata.tags }
  await put(
    join(meta, 'index.json'),
    JSON.stringify({ ...readIndex(meta, prompts, at), [id]: entry }, null, 2),
  )
  return { id, version, file }
}

/** A folder of ours in another, made if it is missing. */
const folderIn = (parent: string, name: string, umask: number): string => {
  const path = join(parent, name)
  if (!ownPlace(path, 'folder')) mkdirSync(path, { mode: 0o777 & ~umask })
  return path
}

/** The name of its own that it has, or the first that nobody has. */
const freeId = (prompts: string, conversation: Conversation): string => {
  const wanted = promptIdOf(conversation)
  for (let n = 1; n <= sameWords; n++) {
    const id = n === 1 ? wanted : `${wanted}-${n}`
    const found = sessionOf(join(prompts, `${id}.yaml`))
    if (found === undefined || found === conversation.id) return id
  }
  throw new Error(`${sameWords} conversations begin with the words ${wanted}`)
}

/** what was read of files that did not change since: each save looks at all that begin as it does */
const sessions = new Map<string, { stamp: string; session: string }>()
const rememberFiles = 10_000

/** Whose conversation a file holds, undefined without a file; one that cannot be read is nobody's, and stays. */
const sessionOf = (file: string): string | undefined => {
  const found = ownPlace(file, 'file')
  if (!found) return undefined
  const known = sessions.get(file)
  if (known?.stamp === stampOf(found)) return known.session
  const metadata = fieldsOf(documentIn(file))['metadata']
  const told = fieldsOf(metadata)['sessionId']
  const session = typeof told === 'string' ? told : ''
  remember(file, found, session)
  return session
}

const stampOf = ({ ino, size, mtimeMs, ctimeMs }: Stats): string => `${ino} ${size} ${mtimeMs} ${ctimeMs}`

const remember = (file: string, found: Stats, session: string): void => {
  if (sessions.size >= rememberFiles) sessions.clear()
  sessions.set(file, { stamp: stampOf(found), session })
}

const documentIn = (file: string): unknown => {
  try {
    return load(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}

const readIndex = (meta: string, prompts: string, at: number): Index => {
  const path = join(meta, 'index.json')
  if (!ownPlace(path, 'file')) return existsSync(prompts) ? rebuilt(prompts) : {}
  try {
    const index: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof index === 'object' && index !== null && !Array.isArray(index)) return { ...index }
  } catch {
    // set aside below
  }
  renameSync(path, join(meta, `index.json.broken-${at}`))
  return rebuilt(prompts)
}

const rebuilt = (prompts: string): Index => {
  const index: Index = {}
  for (const name of readdirSync(prompts).toSorted()) {
    if (!name.endsWith('.yaml')) continue
    const { version, lastModified, metadata } = fieldsOf(documentIn(join(prompts, name)))
    const { model, tags } = fieldsOf(metadata)
    if (typeof version === 'string')
      index[basename(name, '.yaml')] = { lastVersion: version, lastModified, model, tags }
  }
  return index
}

/** Writes a file as a whole, in `meta` first. The disk is waited for while others have their turn. */
const putWhole = async (path: string, text: string, meta: string, umask: number): Promise<void> => {
  ownPlace(path, 'file')
  const beside = join(meta, `${randomBytes(8).toString('hex')}${unfinished}`)
  const file = await open(beside, 'wx', 0o600)
  try {
    await file.chmod(0o666 & ~umask)
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(beside, path)
}

/** What a save left that was killed; nobody else is at it, the lock is ours. */
const removeLeftovers = (meta: string): void => {
  for (const name of readdirSync(meta)) if (name.endsWith(unfinished)) unlinkSync(join(meta, name))
}
