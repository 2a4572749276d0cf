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

const known = new Map<string, { repository: Repository | undefined; until: number }>()

/** The repository that a folder belongs to; one that is gone belongs where the nearest folder above it does. */
export const repositoryOf = async (folder: string): Promise<Repository | undefined> => {
  const place = existing(folder)
  if (place === undefined) return undefined
  const remembered = known.get(place)
  if (remembered && remembered.until > performance.now()) return remembered.repository
  const lines = await git(place, ['rev-parse', '--show-toplevel', '--git-common-dir'])
  const [toplevel, common] = lines?.split('\n') ?? []
  const repository =
    toplevel && common
      ? { toplevel: realpathSync(toplevel), common: realpathSync(resolve(place, common)) }
      : undefined
  if (known.size >= rememberFolders) known.clear()
  known.set(place, { repository, until: performance.now() + rememberMs })
  return repository
}

const existing = (folder: string): string | undefined => {
  if (!folder.startsWith('/') || folder.includes('\0')) return undefined
  for (let place = resolve(folder); ; place = dirname(place)) {
    if (existsSync(place)) return realpathSync(place)
    if (place === '/') return undefined
  }
}

/** A commit as its full name, its parents and when it was committed; undefined for what names none. */
export const commitOf = async (
  { toplevel }: Repository,
  name: string,
): Promise<{ sha: string; parents: string[]; at: number; subject: string } | undefined> => {
  const line = await git(toplevel, [
    'log',
    '-1',
    '--format=%H%x00%P%x00%ct%x00%s',
    '--end-of-options',
    name,
    '--',
  ])
  const [sha, parents, at, subject = ''] = line?.split('\0') ?? []
  if (!sha) return undefined
  return {
    sha,
    parents: parents ? parents.split(' ') : [],
    at: Number(at) * 1000,
    subject: subject.trimEnd(),
  }
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

/** The commit that last changed a line (counted from 1) of a file as it stands, and that line as the commit left it. */
export const blameOf = async (
  { toplevel }: Repository,
  file: string,
  line: number,
): Promise<{ sha: string; line: number; text: string } | undefined> => {
  const told = await git(toplevel, [
    'blame',
    '--porcelain',
    '--no-textconv',
    '-L',
    `${line},${line}`,
    '--',
    file,
  ])
  const [sha, original] = told?.split(' ', 2) ?? []
  const text = told?.split('\n').find((each) => each.startsWith('\t'))
  if (!sha || original === undefined) return undefined
  // git blames what is not committed on a commit of zeros
  return /^0+$/.test(sha) ? undefined : { sha, line: Number(original), text: text?.slice(1) ?? '' }
}

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
