// The end of a process group: asked first (SIGTERM), made to after a while (SIGKILL), and never waited for without end.
// Where it is asked for, what runs below it in groups of its own ends with it; what was sent away from there, as a daemon,
// does not. Whoever calls knows the group to be its own: its leader is a child that was not waited for, or
// was told apart from others by the time at which it started.

import { type Process, processes, processesBelow, processOf } from './processes.ts'

/** how often it is looked whether somebody is left: sooner in the beginning, when who obeys is about to be gone */
const lookEveryMs = 20
const firstLookMs = 1
/** and every so many looks, whether somebody of them lives: that takes longer */
const livingEvery = 3
/** after SIGKILL, for the system to take them away */
const burialMs = 1000

/**
 * Resolves when nobody of it is left, or when nothing more can be done about it.
 * @param below also what runs below it in groups of its own. Linux alone shows that
 */
export const endGroup = async (leader: number, graceMs: number, below = false): Promise<void> => {
  if (!signalGroup(leader, 0)) return
  const apart = below ? processesBelow(leader).filter(({ group }) => group !== leader && group > 1) : []
  signalAll(leader, apart, 'SIGTERM')
  // one that was stopped hears nothing else
  signalAll(leader, apart, 'SIGCONT')
  if (await areGone(leader, apart, graceMs)) return
  signalAll(leader, apart, 'SIGKILL')
  await areGone(leader, apart, burialMs)
}

/** False when nobody is left. */
export const signalGroup = (leader: number, signal: NodeJS.Signals | 0): boolean => {
  // 0 and 1 would mean our own group and everybody
  if (!Number.isSafeInteger(leader) || leader <= 1) return false
  try {
    process.kill(-leader, signal)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

const signalAll = (leader: number, apart: readonly Process[], signal: NodeJS.Signals): void => {
  signalGroup(leader, signal)
  // a group is theirs as long as one of them is in it
  for (const group of new Set(apart.filter(isThere).map(({ group }) => group))) signalGroup(group, signal)
}

/** Whether it still is that process, and lives. */
const isThere = ({ pid, start, group }: Process): boolean => {
  const now = processOf(pid)
  return now !== undefined && now.start === start && now.group === group && !now.isDead
}

const areGone = async (leader: number, apart: readonly Process[], withinMs: number): Promise<boolean> => {
  const until = performance.now() + withinMs
  let pauseMs = firstLookMs
  for (let look = 1; ; look++) {
    const isGone = !signalGroup(leader, 0) || (look % livingEvery === 0 && !hasLiving(leader))
    if (isGone && !apart.some(isThere)) return true
    if (performance.now() > until) return false
    await Bun.sleep(pauseMs)
    pauseMs = Math.min(2 * pauseMs, lookEveryMs)
  }
}

/** False when nobody but the dead are left, whom their parent never asked for. Where the system does not say: true. */
const hasLiving = (group: number): boolean =>
  process.platform !== 'linux' || processes().some((each) => each.group === group && !each.isDead)
