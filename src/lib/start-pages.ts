// Gives back the pages of the program's own file that only its start has used. They are clean copies of what is on
// disk: the system brings back whichever is needed again. Linux only; elsewhere, or where it fails, nothing happens.

import { readFileSync } from 'node:fs'
import { FFIType } from 'bun:ffi'
import { openC } from './c-library.ts'

const MADV_DONTNEED = 4

export const giveBackStartPages = (): void => {
  if (process.platform !== 'linux') return
  try {
    const { madvise } = openC({
      madvise: { args: [FFIType.u64, FFIType.u64, FFIType.i32], returns: FFIType.i32 },
    })
    for (const line of readFileSync('/proc/self/maps', 'latin1').split('\n')) {
      // only code: it is mapped read-only from the file and never changed, so nothing can be lost
      const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) r-xp .*\//.exec(line) ?? []
      if (from === undefined || to === undefined || !line.endsWith(process.execPath)) continue
      madvise(BigInt(`0x${from}`), BigInt(`0x${to}`) - BigInt(`0x${from}`), MADV_DONTNEED)
    }
  } catch {
    // a system without /proc or this C library keeps its pages
  }
}
