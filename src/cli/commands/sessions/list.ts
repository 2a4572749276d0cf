// `paid sessions`: what was heard of and what is kept, together, the last active first.

import type { Connection } from '../../../client/connection.ts'
import type { ArchivedSession } from '../../../protocol/archive.ts'
import type { Session } from '../../../protocol/sessions.ts'
import { PaidError } from '../../../protocol/error.ts'
import { withDaemon } from '../../home.ts'
import { say, sayJson, tell } from '../../output.ts'
import { lineStyle } from '../../screen.ts'
import { warn } from '../../talk.ts'
import { clip, fit, visible } from '../../visible.ts'
import { WrongUsage } from '../../wrong-usage.ts'

const usual = 20
const most = 1000
const folderWidth = 28

/** What was heard of it, what was kept of it, or both. */
export type Listed = Partial<Session> & { id: string; lastAt: number; archived?: ArchivedSession }

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
  const [heard, kept] = await Promise.all([
    daemon.call('session.list', { limit }),
    daemon.call('archive.sessions', { limit }).catch(async (error: unknown) => {
      // what was heard stands elsewhere
      if (!(error instanceof PaidError)) throw error
      await warn(`${error.message}\n  ${error.hint}`)
      return { sessions: [] }
    }),
  ])
  const byId = new Map<string, Listed>(heard.sessions.map((session) => [session.id, session]))
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

const keptOf = ({ id, title, folder, firstAt, lastAt }: ArchivedSession): Listed => ({
  id,
  ...(title !== undefined && { title }),
  ...(folder !== undefined && { folder }),
  ...(firstAt !== undefined && { firstAt }),
  lastAt: lastAt ?? 0,
})

const shortId = 8

const lineOf = (listed: Listed): string => {
  const { id, title, folder, lastAt, archived } = listed
  const at = new Date(lastAt)
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`
  const name = /^[0-9a-f]{8}-/.test(id) ? id.slice(0, shortId) : id
  const kept = archived ? `${archived.messages.toLocaleString('en-US')} messages` : 'not kept'
  const place = near(folder ?? '')
  const line = `${fit(visible(name), shortId)}  ${day}  ${fit(visible(stateOf(listed)), stateWidth)}  ${kept.padStart(15)}  ${fit(visible(place), folderWidth)}  ${visible(title ?? '')}`
  const { width } = lineStyle(false)
  return (width === undefined ? line : clip(line, width)).trimEnd()
}

const stateWidth = 20

/** How it stands, and what it cost so far. */
const stateOf = ({ status, waitsFor: [asked] = [], costUsd = 0 }: Listed): string => {
  const state = asked ? `waits: ${asked.tool}` : (status ?? '')
  return costUsd > 0 ? `${state} $${costUsd.toFixed(2)}` : state
}

const two = (value: number): string => String(value).padStart(2, '0')

const near = (folder: string): string => {
  const home = process.env['HOME']
  const short = home && `${folder}/`.startsWith(`${home}/`) ? `~${folder.slice(home.length)}` : folder
  // its end says more than its beginning
  return short.length > folderWidth ? `…${short.slice(1 - folderWidth)}` : short
}
