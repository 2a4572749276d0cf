// Room on the disk that the home is on.

import { existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Facts } from './facts.ts'
import { failed, type Finding, ok, warning } from './finding.ts'

const name = 'disk'
const MiB = 2 ** 20
/** under this the log may be refused its next write, and hooks their spool */
const littleBytes = 64 * MiB
const scarceBytes = 1024 * MiB

export const checkDisk = ({ paths: { home } }: Facts): Finding[] => {
  let folder = home
  while (!existsSync(folder)) folder = dirname(folder)
  const { bavail, bsize, files, ffree } = statfsSync(folder)
  return [judgeDisk({ freeBytes: bavail * bsize, noFilesLeft: files > 0 && ffree === 0 }, home)]
}

export const judgeDisk = (
  { freeBytes, noFilesLeft }: { freeBytes: number; noFilesLeft: boolean },
  home: string,
): Finding => {
  const free = `${freeBytes < 10 * 1024 * MiB ? `${Math.floor(freeBytes / MiB)} MiB` : `${Math.floor(freeBytes / MiB / 1024)} GiB`} free`
  const advice = `Make room on the disk of ${home}.`
  if (noFilesLeft) return failed(name, 'no more files can be made on it, though it has room', advice)
  if (freeBytes < littleBytes) return failed(name, `${free}: the log may not be written soon`, advice)
  if (freeBytes < scarceBytes) return warning(name, free, advice)
  return ok(name, free)
}
