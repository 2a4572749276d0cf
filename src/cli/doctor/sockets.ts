// The two sockets: there, ours, for our eyes only, and answered by the daemon that holds the home; without a daemon,
// nobody answers there. So are the others that a running daemon says it serves.

import { lstatSync } from 'node:fs'
import { basename } from 'node:path'
import { isListening } from '../../lib/is-listening.ts'
import { quoted } from '../self.ts'
import type { Facts } from './facts.ts'
import { failed, type Finding, ok, warning } from './finding.ts'
import { healthOf } from './health.ts'

const name = 'sockets'

export const checkSockets = async (facts: Facts): Promise<Finding[]> => {
  const { socket, httpSocket } = facts.paths
  const wrong = [
    await checkSocket(socket, facts, async () =>
      facts.held ? facts.status !== undefined : (await healthOf({ unix: socket })) !== 'refused',
    ),
    await checkSocket(httpSocket, facts, async () => {
      const answer = await healthOf({ unix: httpSocket })
      return facts.held ? typeof answer === 'object' : answer !== 'refused'
    }),
    ...(await Promise.all(
      othersOf(facts).map((path) => checkSocket(path, facts, () => isListening(path), path)),
    )),
  ].flat()
  if (wrong.length > 0) return wrong
  if (!facts.held) return [ok(name, 'none, as no daemon runs')]
  const others = othersOf(facts).length
  const all = others === 0 ? 'both answer, and are' : `all ${others + 2} answer, and are`
  return [ok(name, `${all} yours alone`)]
}

const othersOf = ({ paths: { socket, httpSocket }, status }: Facts): string[] =>
  status?.sockets.filter((path) => path !== socket && path !== httpSocket) ?? []

const checkSocket = async (
  path: string,
  { held }: Facts,
  answers: () => Promise<boolean>,
  file = basename(path),
): Promise<Finding[]> => {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found)
    return held
      ? [
          failed(
            name,
            `${file} is missing though a daemon runs: nobody finds it`,
            'Make it anew: paid restart',
          ),
        ]
      : []
  if (!found.isSocket())
    return [
      failed(
        name,
        `${path} is not a socket (owner ${found.uid}), and stands where one goes`,
        'Look at it, then move it away.',
      ),
    ]
  if (found.uid !== process.getuid?.())
    return [
      failed(
        name,
        `${path} belongs to user ${found.uid}`,
        'Remove it, or set PAID_HOME to a folder of your own.',
      ),
    ]
  const answered = await answers()
  if (held && !answered)
    return [
      failed(
        name,
        `${file} is there, but the daemon does not answer at it`,
        'See `paid logs`; `paid restart` makes it anew.',
      ),
    ]
  if (!held && answered)
    return [
      failed(
        name,
        `something listens at ${path}, and it is no daemon of this home`,
        'Find it (fuser, lsof) and end it, or set PAID_HOME.',
      ),
    ]
  if (!held)
    return [
      warning(
        name,
        `${file} was left by a daemon that is gone`,
        'Nothing to do by hand: `paid start` removes it.',
      ),
    ]
  if ((found.mode & 0o077) !== 0)
    return [
      failed(
        name,
        `${file} has mode ${(found.mode & 0o777).toString(8)}: it is for you alone`,
        `chmod 600 ${quoted(path)}`,
      ),
    ]
  return []
}
