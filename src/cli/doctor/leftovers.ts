// What daemons and hooks that died left behind.

import { lstatSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readDaemonFile } from '../../client/daemon-file.ts'
import { quoted } from '../self.ts'
import type { Facts } from './facts.ts'
import { type Finding, ok, warning } from './finding.ts'

const name = 'leftovers'
/** a file that is being written is younger */
const abandonedMs = 60_000

export const checkLeftovers = ({ paths, held, status }: Facts): Finding[] => {
  const wrong: Finding[] = []
  const written = readDaemonFile(paths.daemon)
  if (!held && lstatSync(paths.daemon, { throwIfNoEntry: false }))
    wrong.push(
      warning(
        name,
        `daemon.json is of a daemon that is gone${written ? ` (pid ${written.pid})` : ''}`,
        'Nothing to do by hand: `paid start` writes it anew.',
      ),
    )
  if (status && written?.pid !== status.pid)
    wrong.push(
      warning(
        name,
        written
          ? `daemon.json names pid ${written.pid}, the daemon is ${status.pid}`
          : 'daemon.json is missing or cannot be read',
        'Write it anew: paid restart',
      ),
    )
  const aside = `${basename(paths.daemon)}.`
  const halves = [
    ...abandoned(paths.home, (file) => file.startsWith(aside)),
    ...abandoned(paths.spool, (file) => file.startsWith('.tmp-')),
  ]
  if (halves.length > 0)
    wrong.push(
      warning(
        name,
        `half-written files of processes that died: ${halves.length}`,
        `rm ${halves.map(quoted).join(' ')}`,
      ),
    )
  return wrong.length > 0 ? wrong : [ok(name, 'none')]
}

const abandoned = (folder: string, isOurs: (file: string) => boolean): string[] => {
  try {
    return readdirSync(folder)
      .filter(isOurs)
      .map((file) => join(folder, file))
      .filter(
        (path) =>
          Date.now() - (lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) > abandonedMs,
      )
  } catch {
    return []
  }
}
