// The processes of this machine as Linux tells of them. Other systems do not, here: none are found.

import { readdirSync, readFileSync } from 'node:fs'

export type Process = { pid: number; parent: number; group: number; start: string; isDead: boolean }

export const processes = (): Process[] =>
  process.platform === 'linux' ? readdirSync('/proc').flatMap((name) => processNamed(name) ?? []) : []

export const processOf = (pid: number): Process | undefined => processNamed(String(pid))

const processNamed = (name: string): Process | undefined => {
  if (!/^\d+$/.test(name)) return undefined
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
    // after the name in parentheses, which may hold anything: state, parent, group; the start is the 22nd of all
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state, parent, group] = fields
    return {
      pid: Number(name),
      parent: Number(parent),
      group: Number(group),
      start: fields[19] ?? '',
      isDead: state === 'Z' || state === 'X',
    }
  } catch {
    return undefined
  }
}

/** What it started and what those started, also in groups and sessions of their own; not what left its parents. */
export const processesBelow = (top: number): Process[] => {
  const all = Map.groupBy(processes(), ({ parent }) => parent)
  const below: Process[] = []
  const known = new Set([top])
  for (let next = all.get(top) ?? []; next.length > 0;) {
    const fresh = next.filter(({ pid }) => !known.has(pid))
    for (const { pid } of fresh) known.add(pid)
    below.push(...fresh)
    next = fresh.flatMap(({ pid }) => all.get(pid) ?? [])
  }
  return below
}
