// How this terminal wants its lines, and what the daemon calls its sessions.

import type { Connection } from '../client/connection.ts'
import type { LineStyle, SessionNames } from './event-line.ts'
import { hasColours, isTerminal } from './output.ts'

/** Asked for each line: a terminal may be resized. */
export const lineStyle = (dated: boolean): LineStyle => ({ colours: hasColours(1), width: columns(), dated })

/** of a real terminal; undefined elsewhere, and nothing is cut */
const columns = (): number | undefined => {
  if (!isTerminal(1) || !process.stdout.isTTY) return undefined
  return process.stdout.getWindowSize()[0] || undefined
}

export const namesOf = async (daemon: Connection): Promise<SessionNames> => {
  const { sessions } = await daemon.call('session.list', {})
  return new Map(sessions.flatMap(({ id, title }) => (title ? [[id, title]] : [])))
}
