// One process of Claude Code: JSON lines in, JSON lines out, in a process group of its own.
// Whoever reads slowly slows it down: no more is read while the lines before are not dealt with.

import { statSync } from 'node:fs'
import { limits } from '../../../protocol/limits.ts'
import { PaidError } from '../../../protocol/error.ts'
import { drain } from '../../../lib/child-output.ts'
import { soon } from '../../../lib/soon.ts'
import { processStart } from '../../../lib/process-start.ts'
import { createSweep } from '../../../lib/memory-sweep.ts'
import { redact } from '../../../lib/redact.ts'
import { createTail } from '../../../lib/tail.ts'
import { createLines } from './lines.ts'

/** after its end, for what it said to arrive: a child of its own may hold its output open for ever */
const lateOutputMs = 500

/** about what is dead of a process once it has ended: its pipes, its streams, what it said */
const leftBytes = 512 * 1024
const restMs = 1000
const sweep = createSweep(restMs)

/** `stderr`: the end of it, without what looks like a secret */
export type Ended = { exitCode: number | null; signal: string | number | null; stderr: string }

export type Child = {
  readonly pid: number
  readonly processStart: string | undefined
  /** Writes one line behind those before it. What it does not read any more is dropped. */
  readonly write: (value: object) => void
  /** No more is written. */
  readonly end: () => void
  /** resolves when it has ended and what it said was dealt with */
  readonly ended: Promise<Ended>
}

export const startChild = (
  command: readonly string[],
  {
    directory,
    env,
    umask,
    take,
  }: {
    directory: string
    env: Record<string, string>
    umask: number
    /** gets whole lines, in order; the next ones come when it is done */
    take: (lines: string[]) => Promise<void>
  },
): Child => {
  const child = spawn(command, directory, env, umask)
  const tail = createTail(limits.stderrTailBytes)
  const lines = createLines(limits.sessionLineBytes)
  const output = drain(child.stdout, (chunk) => take(lines.take(chunk)))
  const complaints = drain(child.stderr, (chunk) => tail.take(chunk))

  const { stdin } = child
  let closed = false
  let writing: Promise<unknown> = Promise.resolve()
  /** Each step may throw at once, or later: a child that is gone reads nothing, and that is told by its end. */
  const writeNow = async (text: string): Promise<void> => {
    if (closed) return
    try {
      await stdin.write(text)
      await stdin.flush()
    } catch {
      closed = true
    }
  }
  const end = async (): Promise<void> => {
    if (closed) return
    closed = true
    try {
      await stdin.end()
    } catch {
      // it is gone already
    }
  }

  const ended = async (): Promise<Ended> => {
    const exitCode = await child.exited
    closed = true
    await soon(Promise.all([output.done, complaints.done]), lateOutputMs)
    output.leave()
    complaints.leave()
    await take(lines.rest())
    sweep(leftBytes)
    return {
      exitCode: child.signalCode === null ? exitCode : null,
      signal: child.signalCode,
      stderr: redact(tail.text).text,
    }
  }

  return {
    pid: child.pid,
    processStart: processStart(child.pid),
    write: (value) => void (writing = writing.then(() => writeNow(`${JSON.stringify(value)}\n`))),
    end: () => void (writing = writing.then(end)),
    ended: ended(),
  }
}

const spawn = (command: readonly string[], cwd: string, env: Record<string, string>, umask: number) => {
  const own = process.umask(umask)
  try {
    return Bun.spawn([...command], {
      cwd,
      env,
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'pipe',
      detached: true,
    })
  } catch (error) {
    if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw new PaidError('bad_request', `There is no folder ${cwd}`, 'Make it, or name another one.')
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new PaidError('no_claude', `${command[0]} cannot be run (${code})`)
  } finally {
    process.umask(own)
  }
}

/** of one that was killed and is still there */
export const hopeless: Ended = { exitCode: null, signal: null, stderr: 'It was killed and did not end' }

export const failureOf = ({ exitCode, signal, stderr }: Ended): string => {
  const how = signal === null ? `exit code ${exitCode}` : `ended by ${signal}`
  return stderr === '' ? how : `${how}: ${stderr}`
}
