// `paid sessions`: what was heard of and what is kept, together, the last active first.

import type { Connection } from '../../../client/connection.ts'
import type { ArchivedSession } from '../../../protocol/archive.ts'
import { sessionPrefix } from '../../../protocol/channel.ts'
import type { Session } from '../../../protocol/sessions.ts'
import { formatDuration } from '../../../lib/duration.ts'
import { PaidError } from '../../../protocol/error.ts'
import { withDaemon } from '../../home.ts'
import { say, sayJson, tell } from '../../output.ts'
import { lineStyle } from '../../screen.ts'
import { near, shortName, toWidth } from '../../session-words.ts'
import { warn } from '../../talk.ts'
import { fit, visible } from '../../visible.ts'
import { WrongUsage } from '../../wrong-usage.ts'

const usual = 20
const most = 1000
const folderWidth = 28

/** What was heard of it, what was kept of it, or both. */
export type Listed = Partial<Session> & {
  id: string
  lastAt: number
  archived?: ArchivedSession
  /** in whose line it stands */
  waitsForLock?: { name: string; holder: string }
}

const list = async ({ limit, json }: { limit: string | undefined; json: boolean }): Promise<void> => {
  const wanted = limit === undefined ? usual : Number(limit)
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > most)
    throw new WrongUsage(`--limit must be a whole number from 1 to ${most}, not ${limit}`)
  const found = (await withDaemon((daemon) => sessionsOf(daemon, wanted))).slice(0, wanted)
  if (json) return sayJson(found)
  if (found.length === 0)
    return tell(
      'No sessions yet: `paid sessions spawn` starts one, `paid hooks install` hears those of others.',
    )
  for (const each of found) say(lineOf(each))
}

export default list

const sessionsOf = async (daemon: Connection, limit: number): Promise<Listed[]> => {
  const [heard, { locks }, kept] = await Promise.all([
    daemon.call('session.list', { limit }),
    daemon.call('lock.list', {}),
    daemon.call('archive.sessions', { limit }).catch(async (error: unknown) => {
      // what was heard stands elsewhere
      if (!(error instanceof PaidError)) throw error
      await warn(`${error.message}\n  ${error.hint}`)
      return { sessions: [] }
    }),
  ])
  const lines = new Map(
    locks.flatMap(({ name, holder, waiting = [] }) => waiting.map((who) => [who, { name, holder }] as const)),
  )
  const byId = new Map<string, Listed>(
    heard.sessions.map((session) => {
      const waitsForLock = lines.get(`${sessionPrefix}${session.id}`) ?? lines.get(session.id)
      return [session.id, { ...session, ...(waitsForLock && { waitsForLock }) }]
    }),
  )
  for (const archived of kept.sessions) {
    const known = byId.get(archived.id)
    byId.set(archived.id, {
      ...keptOf(archived),
      ...known,
      lastAt: Math.max(known?.lastAt ?? 0, archived.lastAt ?? 0),
      ...(archived.title !== undefined && { title: archived.title }),
      archived,
    })
  }
  return [...byId.values()].toSorted((a, b) => b.lastAt - a.lastAt)
}

const keptOf = ({ id, title, folder, firstAt, lastAt, model, tokens, cost }: ArchivedSession): Listed => ({
  id,
  ...(title !== undefined && { title }),
  ...(folder !== undefined && { folder }),
  ...(firstAt !== undefined && { firstAt }),
  lastAt: lastAt ?? 0,
  ...(model !== undefined && { model }),
  tokens,
  ...(cost !== undefined && { costUsd: cost }),
})

const lineOf = (listed: Listed): string => {
  const { id, title, folder, lastAt, model = '', tokens, costUsd = 0, archived } = listed
  const used = tokens ? tokens.input + tokens.output + tokens.cacheRead + tokens.cacheWrite : 0
  const columns = [
    shortName(id),
    fit(agoOf(lastAt), agoWidth),
    fit(visible(stateOf(listed)), stateWidth),
    fit(visible(model.replace(/^claude-/, '')), modelWidth),
    (used > 0 ? `${compact.format(used)} tokens` : '').padStart(tokensWidth),
    (costUsd > 0 ? `$${costUsd.toFixed(2)}` : '').padStart(costWidth),
    (archived ? `${compact.format(archived.messages)} messages` : 'not kept').padStart(keptWidth),
    fit(near(folder ?? '', folderWidth), folderWidth),
    visible(title ?? ''),
  ]
  return toWidth(columns.join('  '), lineStyle(false).width)
}

const [agoWidth, stateWidth, modelWidth, tokensWidth, costWidth, keptWidth] = [10, 20, 12, 11, 7, 13]
const compact = new Intl.NumberFormat('en-US', { notation: 'compact' })

/** How long ago it was active, in one unit. */
const agoOf = (at: number): string =>
  `${formatDuration(Math.max(1000, Date.now() - at)).replace(/^(\d+[a-z]+).*/, '$1')} ago`

/** A session among them as lists call it. */
const nearHolder = (holder: string): string =>
  holder.startsWith(sessionPrefix) ? shortName(holder.slice(sessionPrefix.length)).trimEnd() : holder

/** How it stands: of one that waits, for what, and whose that is. */
const stateOf = ({ status, waitsFor: [asked] = [], waitsForLock: line }: Listed): string => {
  if (asked) return `waits: ${asked.tool}`
  if (line) return `waits: ${line.name} of ${nearHolder(line.holder)}`
  return status ?? ''
}
