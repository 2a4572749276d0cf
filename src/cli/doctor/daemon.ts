// The daemon itself: whether it runs, answers, and is of this version.

import { formatDuration } from '../../lib/duration.ts'
import { version } from '../../version.ts'
import type { Facts } from './facts.ts'
import { failed, type Finding, ok, warning } from './finding.ts'

const name = 'daemon'

export const checkDaemon = ({ held, status }: Facts): Finding[] => {
  if (!held) return [warning(name, 'not running', 'Start it: paid start')]
  if (!status)
    return [
      failed(
        name,
        'holds the home, but does not answer',
        'See `paid logs`; `paid restart` ends it and starts anew.',
      ),
    ]
  if (!status.ready) return [failed(name, `pid ${status.pid} says it is not ready`, 'See `paid logs`.')]
  return [ok(name, `running, pid ${status.pid}, up ${formatDuration(status.uptimeMs)}`)]
}

export const checkVersion = ({ status }: Facts): Finding[] => {
  if (!status) return [ok('version', version)]
  return status.version === version
    ? [ok('version', `${version}, the daemon too`)]
    : [
        warning(
          'version',
          `the daemon is ${status.version}, this program ${version}`,
          'Let this one run: paid restart',
        ),
      ]
}
