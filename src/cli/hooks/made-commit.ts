// Which commit was just made here, read from git's own files: running git would cost a commit as much as the whole hook.
// Source: gitrepository-layout(5). What these files do not tell (packed or other kinds of references) git is asked.

export type MadeCommit = {
  sha: string
  /** the top folder of the working tree, absolute */
  folder: string
  /** the git folder that all working trees of the repository share, absolute */
  commonDir: string
  /** the commit whose changes were applied again: by a rebase, a cherry-pick */
  copyOf?: string
}

/** Undefined when this is no working tree of git. `folder` is where git runs its hooks: the top of the tree. */
export const madeCommit = async (
  folder: string,
  env: Record<string, string | undefined>,
): Promise<MadeCommit | undefined> => {
  const gitDir = await gitDirOf(folder, env['GIT_DIR'])
  if (gitDir === undefined) return undefined
  const [head, common, picked] = await Promise.all([
    firstLine(`${gitDir}/HEAD`),
    firstLine(`${gitDir}/commondir`),
    firstLine(`${gitDir}/CHERRY_PICK_HEAD`),
  ])
  const commonDir = common ? resolved(gitDir, common) : gitDir
  const sha = (await named(head, commonDir)) ?? askGit(folder)
  if (sha === undefined) return undefined
  const copyOf = shaIn(picked)
  return { sha, folder, commonDir, ...(copyOf && { copyOf }) }
}

const gitDirOf = async (folder: string, said: string | undefined): Promise<string | undefined> => {
  if (said) return resolved(folder, said)
  // a submodule's, or a worktree's
  const file = await firstLine(`${folder}/.git`)
  if (file?.startsWith('gitdir: ')) return resolved(folder, file.slice('gitdir: '.length))
  return (await firstLine(`${folder}/.git/HEAD`)) === undefined ? undefined : `${folder}/.git`
}

const named = async (head: string | undefined, commonDir: string): Promise<string | undefined> => {
  const detached = shaIn(head)
  if (detached) return detached
  const reference = /^ref: (refs\/.+)/.exec(head ?? '')?.[1]
  if (reference === undefined || reference.includes('..')) return undefined
  return shaIn(await firstLine(`${commonDir}/${reference}`))
}

const askGit = (folder: string): string | undefined => {
  const { success, stdout } = Bun.spawnSync(['git', 'rev-parse', '--verify', 'HEAD'], {
    cwd: folder,
    stdin: 'ignore',
    stderr: 'ignore',
    timeout: 1000,
  })
  return success ? shaIn(stdout.toString().trim()) : undefined
}

/** SHA-1, or SHA-256 */
const shaIn = (text: string | undefined): string | undefined =>
  /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.exec(text ?? '')?.[0]

const firstLine = async (path: string): Promise<string | undefined> => {
  try {
    const text = await Bun.file(path).text()
    const end = text.indexOf('\n')
    return (end === -1 ? text : text.slice(0, end)).replace(/\r$/, '')
  } catch {
    return undefined
  }
}

/** `node:path` would do it too, and cost the hook its start. */
const resolved = (folder: string, path: string): string => {
  const parts: string[] = []
  for (const part of (path.startsWith('/') ? path : `${folder}/${path}`).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}
