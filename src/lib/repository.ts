// What git knows of a folder: its repository, and of a commit there. Asked by running git, with nothing of the caller's
// GIT_* variables and nothing that a repository's own configuration could have run.
// A repository is one, whatever it is reached by: a subfolder, a symbolic link, a worktree, a slash at the end.

import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { childEnvironment } from './child-environment.ts'

export type Repository = {
  /** the top folder of the working tree, its links resolved */
  readonly toplevel: string
  /** the folder that all of its working trees share: names the repository */
  readonly common: string
}

const answerWithinMs = 10_000
const answerBytes = 16 * 1024 * 1024
/** a folder becomes a repository seldom, and is asked about often */
const rememberMs = 10_000
const rememberFolders = 1000

const known = new Map<string, { answer: Promise<Repository | undefined>; until: number }>()

/** The repository that a folder belongs to; one that is gone belongs where the nearest folder above it does. */
export const repositoryOf = async (folder: string): Promise<Repository | undefined> => {
  const place = existing(folder)
  if (place === undefined) return undefined
  const remembered = known.get(place)
  if (remembered && remembered.until > performance.now()) return await remembered.answer
  if (known.size >= rememberFolders) known.clear()
  const asked = { answer: repositoryAt(place), until: performance.now() + rememberMs }
  known.set(place, asked)
  asked.answer.catch(() => known.delete(place))
  return await asked.answer
}

const repositoryAt = async (place: string): Promise<Repository | undefined> => {
  const lines = await git(place, ['rev-parse', '--show-toplevel', '--git-common-dir'])
  const [toplevel, common] = lines?.split('\n') ?? []
  if (!toplevel || !common) return undefined
  return { toplevel: realpathSync(toplevel), common: realpathSync(resolve(place, common)) }
}

const existing = (folder: string): string | undefined => {
  if (!folder.startsWith('/') || folder.includes('\0')) return undefined
  for (let place = resolve(folder); ; place = dirname(place)) {
    if (existsSync(place)) return realpathSync(place)
    if (place === '/') return undefined
  }
}

export type Commit = {
  sha: string
  parents: string[]
  /** when it was committed and when its change was first, epoch ms in whole seconds */
  at: number
  authoredAt: number
  subject: string
}

/** A commit by any name; undefined for what names none. */
export const commitOf = async ({ toplevel }: Repository, name: string): Promise<Commit | undefined> => {
  const format = '--format=%H%x00%P%x00%ct%x00%at%x00%s'
  const line = await git(toplevel, ['log', '-1', format, '--end-of-options', name, '--'])
  const [sha, parents, at, authoredAt, subject = ''] = line?.split('\0') ?? []
  if (!sha) return undefined
  return {
    sha,
    parents: parents ? parents.split(' ') : [],
    at: Number(at) * 1000,
    authoredAt: Number(authoredAt) * 1000,
    subject: subject.trimEnd(),
  }
}

/** commits that are looked through for the one before of a file */
const commitsBack = 500

/**
 * The last commits before `parent`, itself with them, newest first: when each was made (epoch ms, whole seconds) and which
 * files it changed, absolute. `whole`: there are no older ones.
 */
export const commitsBefore = async (
  { toplevel }: Repository,
  parent: string,
): Promise<{ commits: { sha: string; at: number; files: string[] }[]; whole: boolean }> => {
  const format = '--format=%x01%H %ct'
  const args = [
    'log',
    '-n',
    String(commitsBack),
    format,
    '--name-only',
    '-z',
    '--no-renames',
    '--no-ext-diff',
  ]
  const text = (await git(toplevel, [...args, '--end-of-options', parent, '--'])) ?? ''
  const commits = text
    // oxlint-disable-next-line no-control-regex -- what the format above puts in front of each
    .split(/\u0001(?=[0-9a-f]{40,64} \d+\0)/)
    .slice(1)
    .map((entry) => {
      const [head = '', ...names] = entry.split('\0')
      const [sha = '', at] = head.split(' ')
      const files = names.map((name) => name.replace(/^\n/, '')).filter((name) => name !== '')
      return { sha, at: Number(at) * 1000, files: files.map((name) => join(toplevel, name)) }
    })
  return { commits, whole: commits.length < commitsBack }
}

/** Absolute paths of the files a commit changed against its first parent. */
export const filesOfCommit = async ({ toplevel }: Repository, sha: string): Promise<string[]> => {
  const names = await git(toplevel, [
    'diff-tree',
    '--root',
    '--no-commit-id',
    '--name-only',
    '--no-renames',
    '--no-ext-diff',
    '-r',
    '-m',
    '--first-parent',
    '-z',
    sha,
  ])
  const files = (names ?? '').split('\0').filter((name) => name !== '')
  return files.map((name) => join(toplevel, name))
}

/** Lines of a file as it stands, and the commit that last changed each. */
export type Blamed = {
  /** undefined while it is not committed */
  sha: string | undefined
  /** counted from 1: in the file as it stands, and as the commit left it */
  line: number
  original: number
  /** the file's name in that commit, from the top of the repository */
  file: string
  text: string
}

/** One line, or every line without one. Undefined when git knows no such file or line. */
export const blameOf = async (
  { toplevel }: Repository,
  file: string,
  line?: number,
): Promise<Blamed[] | undefined> => {
  const range = line === undefined ? [] : ['-L', `${line},${line}`]
  const args = ['blame', '--porcelain', '--no-textconv', ...range, '--', file]
  const told = await git(toplevel, ['-c', 'core.quotePath=false', ...args])
  if (told === undefined) return undefined
  const found: Blamed[] = []
  /** said once of each commit, and again where it is another */
  const names = new Map<string, string>()
  let head: string[] = []
  for (const each of told.split('\n')) {
    const [sha = '', original = '', final = ''] = head
    if (each.startsWith('\t')) {
      found.push({
        // git blames what is not committed on a commit of zeros
        sha: /^0+$/.test(sha) ? undefined : sha,
        line: Number(final),
        original: Number(original),
        file: names.get(sha) ?? file,
        text: each.slice(1),
      })
      head = []
    } else if (head.length === 0) head = each.split(' ')
    else if (each.startsWith('filename ') && !each.startsWith('filename "'))
      names.set(sha, each.slice('filename '.length))
  }
  return found
}

/** A file as a commit left it, undefined when it is not in it. */
export const fileIn = ({ toplevel }: Repository, sha: string, file: string): Promise<string | undefined> =>
  git(toplevel, ['cat-file', 'blob', `${sha}:${file}`])

const bare = ['-c', 'core.fsmonitor=false', '-c', 'log.showSignature=false']
const plain = { LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' }

/**
 * What git prints, without its last line end; undefined when it fails, is missing, or prints too much or too slowly.
 * @param env is added to what any program gets
 */
export const git = async (
  folder: string,
  args: readonly string[],
  { input, env = {} }: { input?: string; env?: Readonly<Record<string, string | undefined>> } = {},
): Promise<string | undefined> => {
  try {
    await using child = Bun.spawn(['git', ...bare, ...args], {
      cwd: folder,
      env: childEnvironment(process.env, { ...plain, ...env }),
      stdin: input === undefined ? 'ignore' : Buffer.from(input),
      stdout: 'pipe',
      stderr: 'ignore',
      timeout: answerWithinMs,
      killSignal: 'SIGKILL',
      maxBuffer: answerBytes,
    })
    const text = await new Response(child.stdout).text()
    return (await child.exited) === 0 ? text.replace(/\n$/, '') : undefined
  } catch {
    return undefined
  }
}
