// Lists that the daemon gives page by page, as the commands show them: a line for each, or all of it as one JSON array.

import type { Connection } from '../client/connection.ts'
import { withDaemon } from './home.ts'
import { say, sayJson, tell } from './output.ts'

type Page<T> = { readonly items: readonly T[]; readonly next: string | undefined }
/** Asks for one page, behind the item that `after` names. */
type Ask<T> = (daemon: Connection, from: { after?: string }) => Promise<Page<T>>

export const allOf = async <T>(daemon: Connection, ask: Ask<T>): Promise<T[]> => {
  const found: T[] = []
  for (let from: { after?: string } = {}; ;) {
    const { items, next } = await ask(daemon, from)
    found.push(...items)
    if (next === undefined) return found
    from = { after: next }
  }
}

/** A command that lists; `empty` is said where there is nothing. */
export const listing =
  <T>(ask: Ask<T>, line: (item: T) => string, empty: string) =>
  async ({ json }: { json: boolean }): Promise<void> => {
    const found = await withDaemon((daemon) => allOf(daemon, ask))
    if (json) return sayJson(found)
    if (found.length === 0) return tell(empty)
    for (const item of found) say(line(item))
  }
