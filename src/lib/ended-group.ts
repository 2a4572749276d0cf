// The end of a process group: asked first (SIGTERM), made to after a while (SIGKILL), and never waited for without end.
// Whoever calls knows the group to be its own: its leader is a child that was not waited for, or was told apart from
// others by the time at which it started.

import { readdirSync, readFileSync } from 'node:fs'

/** how often it is looked whether somebody is left */
const lookEveryMs = 20
/** and every so many looks, whether somebody of them lives: that takes longer */
const livingEvery = 3
/** after SIGKILL, for the system to take them away */
const burialMs = 1000

/** Resolves when nobody of the group is left, or when nothing more can be done about it. */
export const endGroup = async (leader: number, graceMs: number): Promise<void> => {
  if (!signalGroup(leader, 'SIGTERM')) return
  // one that was stopped hears nothing else
  signalGroup(leader, 'SIGCONT')
  if (await isGone(leader, graceMs)) return
  signalGroup(leader, 'SIGKILL')
  await isGone(leader, burialMs)
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

const isGone = async (leader: number, withinMs: number): Promise<boolean> => {
  const until = performance.now() + withinMs
  for (let look = 1; signalGroup(leader, 0); look++) {
    if (look % livingEvery === 0 && !hasLiving(leader)) return true
    if (performance.now() > until) return false
    await Bun.sleep(lookEveryMs)
  }
  return true
}

/** False when nobody but the dead are left, whom their parent never asked for. Where the system does not say: true. */
const hasLiving = (group: number): boolean => {
  if (process.platform !== 'linux') return true
  return readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
      // after the name in parentheses: state, parent, group
      const [state, , of] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return Number(of) === group && state !== 'Z' && state !== 'X'
    } catch {
      return false
    }
  })
}
