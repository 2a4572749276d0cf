// git for tests: a folder with a home of its own, so that no configuration of whoever runs the tests is read, and
// repositories in it.

import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'

export type GitRan = { code: number; stdout: string; stderr: string }
export type GitFolder = ReturnType<typeof openGitFolder>

export const openGitFolder = () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'pg-')))
  const home = join(root, 'h')
  mkdirSync(home, { mode: 0o700 })
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: home,
    PAID_HOME: home,
    LC_ALL: 'C',
  }

  const run = async (
    cwd: string,
    args: readonly string[],
    more: Record<string, string> = {},
  ): Promise<GitRan> => {
    const child = Bun.spawn(['git', '-c', 'protocol.file.allow=always', ...args], {
      cwd,
      env: { ...env, ...more },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
    return { code, stdout: stdout.trimEnd(), stderr }
  }

  /** Throws when it fails. */
  const git = async (cwd: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(cwd, args)
    if (code !== 0) throw new Error(`git ${args.join(' ')} failed: ${stderr}`)
    return stdout
  }

  /** A repository with one commit, on the branch main. */
  const repository = async (name = 'p'): Promise<string> => {
    const folder = join(root, name)
    mkdirSync(folder, { recursive: true })
    await git(folder, 'init', '-q', '-b', 'main')
    await git(folder, 'config', 'user.name', 'Ann')
    await git(folder, 'config', 'user.email', 'ann@example.com')
    await git(folder, 'commit', '-q', '--allow-empty', '-m', 'begin')
    return folder
  }

  return {
    root,
    home,
    env,
    run,
    git,
    repository,
    /** Writes a file and commits all; what git said, and the commit. */
    commit: async (cwd: string, file: string, text: string, more: Record<string, string> = {}) => {
      put(join(cwd, file), text)
      await git(cwd, 'add', '-A')
      const said = await run(cwd, ['commit', '-q', '-m', `change ${file}`], more)
      return { ...said, sha: await git(cwd, 'rev-parse', 'HEAD') }
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}

/** A file with the folders above it. */
export const put = (path: string, text: string, mode?: number): void => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text, mode === undefined ? {} : { mode })
}

/** Every file and folder under a folder, with modes, times of change and contents: what must be the same again. */
export const tracesIn = (folder: string, unlike: RegExp = /^$/): Record<string, string> => {
  const found: Record<string, string> = {}
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const name = relative(folder, path)
    if (unlike.test(name)) continue
    const { mode, mtimeMs } = statSync(path)
    found[name] = entry.isFile()
      ? `${mode.toString(8)} ${mtimeMs} ${readFileSync(path, 'latin1')}`
      : mode.toString(8)
  }
  return found
}
