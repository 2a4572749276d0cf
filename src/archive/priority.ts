// A thread that lets others go first: hooks and the daemon itself have the processor when they want it.

import { openC } from '../lib/c-library.ts'

const ofProcess = 0
const itself = 0

/** Makes this thread nicer by so much, for as long as it lives. Where that would be the whole process, nothing happens. */
export const giveWay = (by: number): void => {
  // Linux counts niceness by thread, whatever POSIX says
  if (process.platform !== 'linux') return
  try {
    const { getpriority, setpriority } = openC({
      getpriority: { args: ['i32', 'u32'], returns: 'i32' },
      setpriority: { args: ['i32', 'u32', 'i32'], returns: 'i32' },
    })
    setpriority(ofProcess, itself, getpriority(ofProcess, itself) + by)
  } catch {
    // then it takes its turn like everybody
  }
}
