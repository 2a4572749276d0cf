// A command that runs while a lock is held. It has our terminal and our umask, and an environment without what was
// meant for us; signals pass through to it. When the lease is lost it must end: asked first, made to after a while.

import { readFileSync } from 'node:fs'
import { constants } from 'node:os'

/** between SIGTERM and SIGKILL */
const graceMs = 5000

const passed = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const
/** typed at a terminal they reach the command by themselves */
const typed = new Set<NodeJS.Signals>(['SIGINT', 'SIGQUIT'])

/** Signals from now on go to `take`; gives back what undoes it. */
export const onSignals = (take: (signal: NodeJS.Signals) => void): (() => void) => {
  for (const signal of passed) process.on(signal, take)
  return () => {
    for (const signal of passed) process.off(signal, take)
  }
}

/** What a shell says of a process that a signal ended. */
export const exitOfSignal = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]

export type Running = {
  pass: (signal: NodeJS.Signals) => void
  /** its exit code, as a shell tells it */
  exited: Promise<number>
}

/** Runs it until it ends by itself, or `lost` aborts. A command that cannot be run ends as in a shell, with 127 or 126. */
export const startCommand = (
  command: readonly string[],
  env: Record<string, string>,
  lost: AbortSignal,
): Running | { exit: 126 | 127; why: string } => {
  let child: Bun.Subprocess
  try {
    child = Bun.spawn([...command], {
      stdio: ['inherit', 'inherit', 'inherit'],
      env: { ...ownEnv(), ...env },
    })
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    return missing ? { exit: 127, why: 'there is no such command' } : { exit: 126, why: 'it cannot be run' }
  }
  let insisting: Timer | undefined
  const end = (): void => {
    child.kill('SIGTERM')
    insisting = setTimeout(() => child.kill('SIGKILL'), graceMs)
  }
  if (lost.aborted) end()
  else lost.addEventListener('abort', end)
  // a child that a signal ended has 128 and its number for a code, as in a shell
  const exited = child.exited.finally(() => {
    clearTimeout(insisting)
    lost.removeEventListener('abort', end)
  })
  return {
    pass: (signal) => {
      if (!(typed.has(signal) && inForeground())) child.kill(signal)
    },
    exited,
  }
}

/** Ours without our secrets and without what steers our runtime. */
const ownEnv = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || name === 'PAID_TOKEN' || name.startsWith('BUN_') ? [] : [[name, value]],
    ),
  )

/** Whether a terminal sends what is typed there to us, and so to the command too. */
const inForeground = (): boolean => {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1')
    // after the name in parentheses: state, parent, group, session, terminal, the terminal's foreground group
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return group === foreground
  } catch {
    return process.stdin.isTTY
  }
}
