// The home and what is in it: ours, for our eyes only, of the kind it should be.

import { lstatSync, realpathSync, statSync } from 'node:fs'
import { ownPlace } from '../../lib/own-place.ts'
import { quoted } from '../self.ts'
import type { Facts } from './facts.ts'
import { failed, type Finding, ok, warning } from './finding.ts'

const name = 'home'

export const checkHome = ({ paths: { home }, homeTrouble }: Facts): Finding[] => {
  if (homeTrouble !== undefined)
    return [failed(name, homeTrouble, 'Nothing in it was looked at. Put that right, or set PAID_HOME.')]
  const found = statSync(home, { throwIfNoEntry: false })
  if (!found) return [ok(name, `${home} is not there yet: \`paid start\` makes it`)]
  const place = lstatSync(home).isSymbolicLink() ? `${home}, a link to ${realpathSync(home)}` : home
  const others = found.mode & 0o077
  return others === 0
    ? [ok(name, `${place}, yours alone`)]
    : [
        warning(
          name,
          `${place} has mode ${modeOf(found.mode)}: others can look inside`,
          `chmod 700 ${quoted(home)}`,
        ),
      ]
}

export const checkFiles = ({ paths }: Facts): Finding[] => {
  const { token, database, archive, lock, log, daemon, spool } = paths
  const sqlite = [database, archive].flatMap((path) => [path, `${path}-wal`, `${path}-shm`])
  const written = [token, ...sqlite, lock, log, daemon]
  const places = [
    ...written.map((path) => ({ path, kind: 'file' as const })),
    { path: spool, kind: 'folder' as const },
  ]
  let seen = 0
  const wrong = places.flatMap(({ path, kind }): Finding[] => {
    try {
      const mode = ownPlace(path, kind)?.mode
      if (mode === undefined) return []
      seen++
      if ((mode & 0o077) === 0) return []
      const open = `${path} has mode ${modeOf(mode)}: others can get at it`
      const close = `chmod ${kind === 'file' ? 600 : 700} ${quoted(path)}`
      // A daemon starts with no token that others could read, and hooks write into no spool that others could.
      const refused = path === token || (mode & 0o022) !== 0
      return [refused ? failed('files', open, close) : warning('files', open, close)]
    } catch (error) {
      return [
        failed(
          'files',
          error instanceof Error ? error.message : String(error),
          'The daemon refuses to start over it.',
        ),
      ]
    }
  })
  return wrong.length > 0
    ? wrong
    : [ok('files', seen === 0 ? 'none yet' : 'yours alone, and what they should be')]
}

const modeOf = (mode: number): string => (mode & 0o777).toString(8).padStart(3, '0')
