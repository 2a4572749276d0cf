// `--global`: `post-commit` for every repository of the user, by git's own `core.hooksPath`.
// That option makes git pass over the hooks of repositories, so the folder holds one of each name that runs them. A
// folder that the user has set there already is theirs: our `post-commit` goes into it as into a repository's.
// Taken out, the configuration and the home are as they were.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { git } from '../../lib/repository.ts'
import { PaidError } from '../../protocol/error.ts'
import {
  type GitHook,
  hookIn,
  installHook,
  type Installed,
  previewHook,
  putScript,
  uninstallHook,
} from './install.ts'
import { gitEnvironment } from './place.ts'
import { factsIn, globalScriptOf, hookName, otherHooks, repositoryHook } from './script.ts'

const option = 'core.hooksPath'
/** what the other names lead to */
const target = 'repository-hook'

const config = (...args: string[]): Promise<string | undefined> =>
  git(homedir(), ['config', '--global', ...args], { env: gitEnvironment() })

/** What the user's configuration says, undefined when it says nothing. */
const setFolder = async (): Promise<string | undefined> =>
  (await config('--type=path', '--get', option)) || undefined

export const previewEverywhere = async (own: string, command: readonly string[]): Promise<Installed> => {
  const folder = (await setFolder()) ?? own
  if (folder !== own) return previewHook({ folder, command, scope: 'global' })
  const text = globalScriptOf(command)
  const path = join(own, hookName)
  const changed = (await setFolder()) !== own || !existsSync(path) || (await Bun.file(path).text()) !== text
  return { path, changed, text, kept: undefined }
}

/** @param own the folder of ours, in the home */
export const installEverywhere = async (own: string, command: readonly string[]): Promise<Installed> => {
  const folder = (await setFolder()) ?? own
  if (folder !== own) return installHook({ folder, command, scope: 'global' })
  const planned = await previewEverywhere(own, command)
  mkdirSync(own, { recursive: true, mode: 0o700 })
  putScript(join(own, target), repositoryHook)
  for (const name of otherHooks) if (!leadsTo(join(own, name))) symlinkSync(target, join(own, name))
  putScript(planned.path, planned.text)
  if ((await setFolder()) !== own && (await config(option, own)) === undefined) {
    rmSync(own, { recursive: true })
    throw new PaidError(
      'bad_request',
      `git could not set ${option} in your configuration`,
      'Try `git config --global --list`, and see what is wrong with it.',
    )
  }
  return planned
}

const leadsTo = (path: string): boolean => {
  try {
    return readlinkSync(path) === target
  } catch {
    return false
  }
}

/** False when there was nothing of ours. */
export const uninstallEverywhere = async (own: string): Promise<boolean> => {
  const folder = await setFolder()
  const theirs = folder !== undefined && folder !== own && uninstallHook(folder)
  const ours = existsSync(own)
  if (folder === own) {
    await config('--unset', option)
    removeEmptyConfiguration()
  }
  if (ours) rmSync(own, { recursive: true })
  return theirs || ours
}

/** git leaves an empty file where there was none. */
const removeEmptyConfiguration = (): void => {
  const file = process.env['GIT_CONFIG_GLOBAL'] || join(homedir(), '.gitconfig')
  if (statSync(file, { throwIfNoEntry: false })?.size === 0) unlinkSync(file)
}

/** Undefined when it is not installed for all repositories. */
export const statusEverywhere = async (own: string): Promise<GitHook | undefined> => {
  const folder = await setFolder()
  if (folder === undefined) return undefined
  if (folder !== own) {
    const found = hookIn(folder)
    return found.installed ? found : undefined
  }
  const path = join(own, hookName)
  if (!existsSync(path) || readdirSync(own).length === 0) return { path, installed: false }
  const { program } = factsIn(await Bun.file(path).text())
  return { path, installed: true, ...(program !== undefined && { program, exists: existsSync(program) }) }
}
