// Processes that a daemon left behind when it was killed. Each is found by its pid and by when it started, so that no
// other process is ever ended in its place; where only its children are left, by the mark in their environment.

import { readdirSync, readFileSync } from 'node:fs'
import { endGroup } from './ended-group.ts'
import { processStart } from './process-start.ts'
import { processOf } from './processes.ts'

const graceMs = 1000

/** `mark`: what the variable says in the environment of all its processes */
export type LeftBehind = { mark: string; pid: number | null; process_start: string | null }

/**
 * Resolves when they are gone, or when nothing more can be done about them.
 * @param variable of the environment, which marks them
 * @param below also what runs below them in groups of its own
 */
export const endLeftBehind = async (
  variable: string,
  left: readonly LeftBehind[],
  below = false,
): Promise<void> => {
  const groups = new Set<number>()
  const unsure: LeftBehind[] = []
  for (const each of left) {
    const { pid, process_start: start } = each
    if (pid !== null && start !== null && processStart(pid) === start) groups.add(pid)
    else unsure.push(each)
  }
  // the leader is gone, or died before its pid was noted: others of its group may be there
  if (unsure.length > 0) for (const group of groupsOf(variable, unsure)) groups.add(group)
  await Promise.all([...groups].map((group) => endGroup(group, graceMs, below)))
}

/** Groups of these, by what their processes have in their environment. Linux alone shows that. */
const groupsOf = (variable: string, left: readonly LeftBehind[]): Set<number> => {
  const groups = new Set<number>()
  const pids = new Map(left.map(({ mark, pid }) => [mark, pid]))
  for (const name of process.platform === 'linux' ? readdirSync('/proc') : []) {
    if (!/^\d+$/.test(name)) continue
    try {
      const mark = readFileSync(`/proc/${name}/environ`, 'latin1')
        .split('\0')
        .find((line) => line.startsWith(`${variable}=`))
        ?.slice(variable.length + 1)
      const known = mark === undefined ? undefined : pids.get(mark)
      if (known === undefined) continue
      const group = processOf(Number(name))?.group
      if (group === undefined) continue
      // whoever left the group, as a daemon does that such a run started, is on its own: we may be that one
      if (known === null ? Number(name) === group && group !== process.pid : known === group)
        groups.add(group)
    } catch {
      // it is gone, or another user's
    }
  }
  return groups
}
