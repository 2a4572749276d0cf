// One measurement: how often something happened in a window of time, and what it cost whom. The generator of the load
// opens and closes the window, so nothing of its start counts.

import { cpuOf, cpuOfMachine } from './cpu.ts'

export type Measured = {
  count: number
  ms: number
  perSecond: number
  /** CPU time of the measured process for one, in µs */
  serverMicros?: number
  /** how many processors the generator kept busy: near 1 it may be what was measured */
  generatorCores: number
  /** how many processors others kept busy meanwhile */
  otherCores?: number
}

/**
 * @param server pid of what is measured
 * @param partners pids of processes that belong to the load beside this one
 */
export const openWindow = (server: number, partners: readonly number[] = []) => {
  const cpu = () => ({
    server: cpuOf(server),
    machine: cpuOfMachine(),
    partners: partners.reduce((sum, pid) => sum + (cpuOf(pid) ?? 0), 0),
    own: (process.cpuUsage().user + process.cpuUsage().system) / 1000,
  })
  const before = cpu()
  const startedAt = performance.now()
  return {
    close: (count: number): Measured => {
      const ms = performance.now() - startedAt
      const after = cpu()
      const measured: Measured = {
        count,
        ms,
        perSecond: (count / ms) * 1000,
        generatorCores: (after.own - before.own) / ms,
      }
      if (after.server === undefined || before.server === undefined) return measured
      const server = after.server - before.server
      measured.serverMicros = (server * 1000) / count
      const all = (after.machine ?? 0) - (before.machine ?? 0)
      const ours = server + after.own - before.own + after.partners - before.partners
      measured.otherCores = Math.max(0, all - ours) / ms
      return measured
    },
  }
}
