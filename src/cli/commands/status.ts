// `paid status`: the daemon at a glance. Run often and by scripts, so it loads little and asks once.

import { formatBytes } from '../../lib/byte-size.ts'
import { formatDuration } from '../../lib/duration.ts'
import type { Status } from '../../protocol/system.ts'
import { withDaemon } from '../home.ts'
import { say, sayJson } from '../output.ts'
import { clip, fit, visible } from '../visible.ts'

const sessionsShown = 5
/** those of the home itself, which come first */
const ownSockets = 2
/** one that hangs is told soon */
const answerWithinMs = 5000

const status = async ({ json }: { json: boolean }): Promise<void> => {
  const found = await withDaemon((daemon) => daemon.call('system.status', {}, { timeoutMs: answerWithinMs }))
  if (json) sayJson(found)
  else for (const line of statusLines(found)) say(line)
}

export default status

export const statusLines = (found: Status, now = Date.now()): string[] => {
  const { log, peers, spool } = found
  const refused = Object.entries(found.refused).filter(([, count]) => count > 0)
  const trouble = [
    ...(log.writable ? [] : ['CANNOT BE WRITTEN']),
    ...(log.check === 'damaged' ? ['DAMAGED'] : []),
    ...(log.lostGroups > 0 ? [`${log.lostGroups} groups of writes refused`] : []),
  ]
  const rows: [string, string][] = [
    [
      'paid',
      `${found.version}, pid ${found.pid}, up ${formatDuration(found.uptimeMs)}${found.ready ? '' : ', NOT READY'}`,
    ],
    ['listens', found.urls.join('  ')],
    ...(found.webhookUrls.length > 0
      ? [['webhooks', found.webhookUrls.join('  ')] satisfies [string, string]]
      : []),
    ...(found.sockets.length > ownSockets
      ? [['sockets', found.sockets.slice(ownSockets).join('  ')] satisfies [string, string]]
      : []),
    ['home', found.home],
    [
      'events',
      `${counted(log.events, 'event')} in ${counted(log.sessions, 'session')}, ${formatBytes(log.bytes)}`,
    ],
    ...trouble.map((text): [string, string] => ['log', text]),
    [
      'clients',
      `${counted(peers.sockets, 'socket')}, ${counted(peers.webSockets, 'WebSocket')}, ${counted(peers.streams, 'stream')}; ` +
        `${counted(peers.subscriptions, 'subscription')}, ${peers.lagged} fell behind`,
    ],
    ['spool', `${spool.waiting} waiting, ${spool.taken} taken in, ${spool.dropped} dropped`],
    ...(refused.length > 0
      ? [
          ['refused', refused.map(([reason, count]) => `${count} ${reason}`).join(', ')] satisfies [
            string,
            string,
          ],
        ]
      : []),
    ['memory', formatBytes(found.memoryBytes)],
  ]
  const lines = rows.map(([name, text]) => `${name.padEnd(9)} ${visible(text)}`)
  const sessions = found.recentSessions.slice(0, sessionsShown).map((session) => {
    const what = [session.folder, session.title].filter((text) => text !== undefined).join('  ')
    const ago = `${formatDuration(Math.max(1000, now - session.lastAt))} ago`
    const id = visible(session.id)
    return `${fit(id.slice(0, 8), 8)}  ${fit(ago, 11)} ${fit(counted(session.events, 'event'), 13)} ${clip(visible(what), 100)}`
  })
  return [
    ...lines,
    ...sessions.map((line, at) => `${(at === 0 ? 'sessions' : '').padEnd(9)} ${line}`.trimEnd()),
  ]
}

const counted = (count: number, what: string): string =>
  `${String(count).replace(/\B(?=(\d{3})+$)/g, ',')} ${what}${count === 1 ? '' : 's'}`
