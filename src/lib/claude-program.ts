// The program of Claude Code: where it is, and which version it says it has. Promises: whatever it is that was named, it
// is known within seconds, and nothing of it runs on.

import { resolve } from 'node:path'
import { drain } from './child-output.ts'
import { soon } from './soon.ts'
import { signalGroup } from './ended-group.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** since then sessions are driven over its input and output as we do it */
const leastMajor = 2
const answersWithinMs = 10_000
/** after its end, for what it said to arrive */
const lateOutputMs = 500
const mostSaid = 4096

/** Undefined when there is none. @param named by its path, or a name in the PATH */
export const claudeAt = (named: string, { PATH = '' }: Environment): string | undefined => {
  const found = Bun.which(named || 'claude', { PATH })
  return found === null ? undefined : resolve(found)
}

/** `isOld`: it is Claude Code, but not new enough */
export type ClaudeVersion = { version: string } | { fault: string; isOld?: true }

export const claudeVersion = async (path: string, env: Record<string, string>): Promise<ClaudeVersion> => {
  const said = await versionSaid(path, env)
  if (typeof said !== 'string') return said
  const [, version, major] = /^((\d+)\.\d+\.\d+\S*)/.exec(said) ?? []
  if (version === undefined)
    return { fault: `${path} does not say a version of Claude Code: ${said.slice(0, 100)}` }
  if (Number(major) >= leastMajor) return { version }
  return {
    fault: `${path} is version ${version} of Claude Code; ${leastMajor}.0.0 or newer is needed`,
    isOld: true,
  }
}

const versionSaid = async (
  path: string,
  env: Record<string, string>,
): Promise<string | { fault: string }> => {
  try {
    const child = Bun.spawn([path, '--version'], {
      env,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'ignore',
      detached: true,
    })
    const decoder = new TextDecoder()
    let said = ''
    const output = drain(child.stdout, (chunk) => {
      if (said.length < mostSaid) said += decoder.decode(chunk, { stream: true })
    })
    await soon(child.exited, answersWithinMs)
    const isLate = child.exitCode === null && child.signalCode === null
    if (!isLate) await soon(output.done, lateOutputMs)
    output.leave()
    // it hangs, or what it started holds its output open
    signalGroup(child.pid, 'SIGKILL')
    return isLate ? { fault: `${path} --version says nothing for ${answersWithinMs / 1000} s` } : said.trim()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return { fault: `${path} cannot be run (${code})` }
  }
}
