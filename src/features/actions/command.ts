// Runs a command: its arguments as JSON on stdin, what it says on stdout is the result. No shell; a process group of its
// own, which ends as a whole when it takes too long; the user's umask; an environment without what is ours.

import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import { limits } from '../../protocol/limits.ts'
import { childEnvironment } from '../../lib/child-environment.ts'
import { drain } from '../../lib/child-output.ts'
import { soon } from '../../lib/soon.ts'
import { endGroup } from '../../lib/ended-group.ts'
import { processStart } from '../../lib/process-start.ts'
import { createTail } from '../../lib/tail.ts'
import { createKept, type Outcome, resultOf, RunFailed } from './outcome.ts'

/** between SIGTERM and SIGKILL */
export const graceMs = 2000
/** after its end, for what it said to arrive: a child of its own may hold its output open for ever */
const lateOutputMs = 200

export type Command = {
  readonly command: readonly string[]
  readonly cwd?: string | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
}

export type Surroundings = {
  /** the daemon's own environment */
  readonly env: Readonly<Record<string, string | undefined>>
  /** the user's: the daemon's own lets nobody else read anything */
  readonly umask: number
}

export const runCommand = async (
  { command, cwd, env }: Command,
  {
    args,
    marks,
    signal,
    surroundings,
    onStart,
    onStderr,
  }: {
    args: unknown
    /** variables that tell the command what it is run for */
    marks: Readonly<Record<string, string>>
    /** aborts with the failure that the run then has */
    signal: AbortSignal
    surroundings: Surroundings
    onStart: (pid: number, processStart: string | null) => void
    onStderr: (chunk: Uint8Array) => void
  },
): Promise<Outcome> => {
  const child = start(command, {
    cwd: cwd ?? surroundings.env['HOME'] ?? homedir(),
    env: childEnvironment(surroundings.env, { ...env, ...marks }),
    stdin: Buffer.from(`${JSON.stringify(args)}\n`),
    umask: surroundings.umask,
  })
  onStart(child.pid, processStart(child.pid) ?? null)
  const kept = createKept()
  const tail = createTail(limits.stderrTailBytes)
  const output = drain(child.stdout, kept.take)
  const complaints = drain(child.stderr, (chunk) => {
    tail.take(chunk)
    onStderr(chunk)
  })
  let ending: Promise<void> | undefined
  const end = (): void => void (ending ??= endGroup(child.pid, graceMs))
  if (signal.aborted) end()
  else signal.addEventListener('abort', end, { once: true })
  const exitCode = await exitOf(child, signal)
  signal.removeEventListener('abort', end)
  await ending
  await soon(Promise.all([output.done, complaints.done]), lateOutputMs)
  output.leave()
  complaints.leave()
  if (signal.aborted) throw signal.reason
  if (exitCode !== 0) {
    const how = child.signalCode === null ? `exit code ${exitCode}` : `ended by ${child.signalCode}`
    throw new RunFailed('exit', tail.text === '' ? how : `${how}: ${tail.text}`, { exitCode })
  }
  return { ...resultOf(kept.text, kept.truncated), exitCode }
}

const start = (
  command: readonly string[],
  { cwd, env, stdin, umask }: { cwd: string; env: Record<string, string>; stdin: Buffer; umask: number },
) => {
  const own = process.umask(umask)
  try {
    // given as bytes, so that nobody is told when it is not read
    return Bun.spawn([...command], { cwd, env, stdin, stdout: 'pipe', stderr: 'pipe', detached: true })
  } catch (error) {
    throw notStarted(command[0] ?? '', cwd, error)
  } finally {
    process.umask(own)
  }
}

const notStarted = (program: string, cwd: string, error: unknown): RunFailed => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  const hint = 'See `paid actions show`; add it anew with --replace.'
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true)
    return new RunFailed('not_started', `There is no folder ${cwd} to run it in`, { hint })
  if (code === 'ENOENT') return new RunFailed('not_started', `There is no program ${program}`, { hint })
  const script = 'A script is executable and begins with a line such as #!/bin/sh.'
  return new RunFailed('not_started', `${program} cannot be run (${code})`, { hint: script })
}

/** Its exit code, or -1 when it was ended and still does not end. */
const exitOf = async (child: Bun.Subprocess, signal: AbortSignal): Promise<number> => {
  const given = Promise.withResolvers<number>()
  let timer: Timer | undefined
  const abort = (): void => void (timer = setTimeout(() => given.resolve(-1), 2 * graceMs))
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([child.exited, given.promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}
