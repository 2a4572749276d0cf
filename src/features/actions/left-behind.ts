// Processes of runs that a daemon left behind when it was killed. Each is found by its pid and by when it started, so
// that no other process is ever ended in its place; where only its children are left, by the mark in their environment.

import { readdirSync, readFileSync } from 'node:fs'
import { endGroup } from '../../lib/ended-group.ts'
import { processStart } from '../../lib/process-start.ts'

/** the variable that names its run in the environment of a command */
export const runMark = 'PAID_RUN'

const graceMs = 1000

export type LeftBehind = { run: string; pid: number | null; process_start: string | null }

/** Resolves when they are gone, or when nothing more can be done about them. */
export const endLeftBehind = async (left: readonly LeftBehind[]): Promise<void> => {
  const groups = new Set<number>()
  const unsure: LeftBehind[] = []
  for (const each of left) {
    const { pid, process_start: start } = each
    if (pid !== null && start !== null && processStart(pid) === start) groups.add(pid)
    else unsure.push(each)
  }
  // the leader is gone, or died before its pid was noted: others of its group may be there
  if (unsure.length > 0) for (const group of groupsOf(unsure)) groups.add(group)
  await Promise.all([...groups].map((group) => endGroup(group, graceMs)))
}

/** Groups of these runs, by what their processes have in their environment. Linux alone shows that. */
const groupsOf = (left: readonly LeftBehind[]): Set<number> => {
  const groups = new Set<number>()
  const pids = new Map(left.map(({ run, pid }) => [run, pid]))
  for (const name of process.platform === 'linux' ? readdirSync('/proc') : []) {
    if (!/^\d+$/.test(name)) continue
    try {
      const run = readFileSync(`/proc/${name}/environ`, 'latin1')
        .split('\0')
        .find((line) => line.startsWith(`${runMark}=`))
        ?.slice(runMark.length + 1)
      const known = run === undefined ? undefined : pids.get(run)
      if (known === undefined) continue
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
      // after the name in parentheses: state, parent, group
      const group = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2])
      // whoever left the group, as a daemon does that such a run started, is on its own: we may be that one
      if (known === null ? Number(name) === group && group !== process.pid : known === group)
        groups.add(group)
    } catch {
      // it is gone, or another user's
    }
  }
  return groups
}
