// From a commit, a file or one of its lines to what was said: through git's blame to the commit, through the commit's
// link to the session, and there to the message whose change has the line in it.

import { existsSync, statSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import {
  type Blamed,
  blameOf,
  type Commit,
  commitOf,
  fileIn,
  type Repository,
  repositoryOf,
} from '../../lib/repository.ts'
import type { Origin } from '../../protocol/commits.ts'
import { PaidError } from '../../protocol/error.ts'
import type { Result } from '../../protocol/api.ts'
import type { CommitsGround } from './ground.ts'
import { factsOf, type Linked, linkOf } from './link.ts'
import { commitRows, sessionsOf } from './rows.ts'
import { timesHeard, type Work } from './work.ts'

type Found = Result<'commit.find'>

/** of a file, so many commits are told of */
const commitsOfFile = 20
const secondMs = 999

export const createFinder = ({ log, archive, clock, work }: CommitsGround & { work: Work }) => {
  /** What is known of a commit: its link as it was made, or reckoned now for one we did not hear of. */
  const linkedAs = async (repository: Repository, commit: Commit) => {
    const { common } = repository
    const row = await log.read((reader) => commitRows.find(reader, common, commit.sha))
    const facts = await factsOf(repository, commit, await timesHeard(log, common))
    const until = row?.made_at ?? Math.min(commit.at, commit.authoredAt) + secondMs
    if (row?.state === 'made') return { found: await work.reckon(row), facts, until }
    const found: Linked =
      row && row.link !== 'none'
        ? { link: row.link, sessions: sessionsOf(row) }
        : await linkOf(archive, repository, facts, { session: undefined, until })
    return { found, facts, until }
  }

  const ofCommit = async (repository: Repository, commit: Commit): Promise<Origin> => {
    const { found, facts, until } = await linkedAs(repository, commit)
    const { conversations } = await archive.call('behind', {
      sessions: found.sessions,
      repository: repository.common,
      files: facts.files,
      until,
      windows: [],
    })
    return { commit: shown(commit), link: found.link, conversations }
  }

  const ofLine = async (repository: Repository, blamed: Blamed): Promise<Origin> => {
    const commit = blamed.sha === undefined ? undefined : await commitOf(repository, blamed.sha)
    if (!commit) return await notCommitted(repository, blamed)
    const { found, facts, until } = await linkedAs(repository, commit)
    const path = resolve(repository.toplevel, blamed.file)
    const file = facts.files.filter((each) => each.path === path)
    const text = (await fileIn(repository, commit.sha, blamed.file)) ?? ''
    const { conversations } = await archive.call('behind', {
      sessions: found.sessions,
      repository: repository.common,
      files: file,
      until,
      windows: windowsOf(text, blamed.original, blamed.text),
    })
    // of several sessions the one that wrote this very line; where none did, all of them may have
    const writers = conversations.filter(({ message }) => message !== undefined)
    return {
      commit: shown(commit),
      lines: [blamed.line],
      link: found.link,
      conversations: writers.length > 0 ? newestFirst(writers).slice(0, 1) : conversations,
    }
  }

  const notCommitted = async (repository: Repository, blamed: Blamed): Promise<Origin> => {
    await work.catchUp({ session: null, made_at: clock.now() })
    const path = resolve(repository.toplevel, blamed.file)
    const asked = { repository: repository.common, files: [{ path, since: 0 }], until: clock.now() }
    const content = await Bun.file(path).text()
    const windows = windowsOf(content, blamed.line, blamed.text)
    const { writers } = await archive.call('behind', { ...asked, sessions: [], windows })
    const { conversations } = await archive.call('behind', { ...asked, sessions: writers, windows })
    return { lines: [blamed.line], link: writers.length > 0 ? 'files' : 'none', conversations }
  }

  const ofFile = async (repository: Repository, lines: readonly Blamed[]): Promise<Origin[]> => {
    const bySha = Map.groupBy(lines, ({ sha }) => sha)
    const commits = [...bySha].sort(([, a], [, b]) => b.length - a.length).slice(0, commitsOfFile)
    const origins: Origin[] = []
    for (const [sha, own] of commits) {
      const commit = sha === undefined ? undefined : await commitOf(repository, sha)
      const [first] = own
      const origin = commit
        ? await ofCommit(repository, commit)
        : first && (await notCommitted(repository, first))
      if (origin) origins.push({ ...origin, lines: own.map(({ line }) => line) })
    }
    return origins
  }

  return async (folder: string, target: string): Promise<Found> => {
    const repository = await repositoryOf(folder)
    if (!repository)
      throw new PaidError('not_found', `${folder} is in no repository of git`, 'Go into one, and try again.')
    const [, lineOf = '', number] = /^(.+):(\d+)$/.exec(target) ?? []
    if (number !== undefined && isFile(resolve(folder, lineOf))) {
      const file = relative(repository.toplevel, resolve(folder, lineOf))
      const [blamed] = (await blameOf(repository, file, Number(number))) ?? []
      if (!blamed) throw noLine(lineOf, number)
      return { target: 'line', file, text: blamed.text, origins: [await ofLine(repository, blamed)] }
    }
    const commit = await commitOf(repository, target)
    if (commit) return { target: 'commit', origins: [await ofCommit(repository, commit)] }
    const file = relative(repository.toplevel, resolve(folder, target))
    const lines = isFile(resolve(folder, target)) ? await blameOf(repository, file) : undefined
    if (!lines)
      throw new PaidError(
        'not_found',
        `${JSON.stringify(target)} is no commit here, and no file that git knows`,
        'Name a commit (HEAD, main~2, 1a2b3c4), a file, or file:line.',
      )
    return { target: 'file', file, origins: await ofFile(repository, lines) }
  }
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile()

const noLine = (file: string, number: string): PaidError =>
  new PaidError(
    'not_found',
    `git knows no line ${number} of ${file}`,
    'Lines are counted from 1, and the file must be one that git keeps.',
  )

const shown = ({ sha, subject, at }: Commit) => ({ sha, subject, at })

const newestFirst = <T extends { message?: { at: number } | undefined }>(found: readonly T[]): T[] =>
  found.toSorted((a, b) => (b.message?.at ?? 0) - (a.message?.at ?? 0))

/** The line with what stands around it, ever less of it; a bare bracket is found where its neighbours are. */
const windowsOf = (text: string, line: number, alone: string): string[] => {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  const at = line - 1
  const of = (from: number, to: number) => lines.slice(Math.max(0, from), to).join('\n')
  const windows = [
    of(at - 2, at + 3),
    of(at - 1, at + 2),
    of(at - 1, at + 1),
    of(at, at + 2),
    alone.replace(/\r$/, ''),
  ]
  return [...new Set(windows)].filter((window) => window.trim() !== '')
}
