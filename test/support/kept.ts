// An archive in a temporary folder, and what a test asks of it.

import { Database } from 'bun:sqlite'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ArchivedMessage } from '../../src/protocol/archive.ts'
import { archiveIn } from './archive.ts'

export type Kept = ReturnType<typeof openKept>

export const openKept = (exclude?: readonly string[]) => {
  const folder = mkdtempSync(join(tmpdir(), 'paid-archive-'))
  const path = join(folder, 'archive.db')
  let client = archiveIn(path, exclude)
  const messages = async (id: string): Promise<ArchivedMessage[]> => {
    const all: ArchivedMessage[] = []
    for (let after: number | undefined; ;) {
      const page = await client.call('show', { id, limit: 100, ...(after !== undefined && { after }) })
      all.push(...page.messages)
      if (page.next === undefined) return all
      after = page.next
    }
  }
  return {
    folder,
    path,
    projects: join(folder, 'projects'),
    take: (...paths: string[]) => client.call('take', { paths }),
    import: (since?: number) =>
      client.call('import', {
        folder: join(folder, 'projects'),
        job: 'test',
        ...(since !== undefined && { since }),
      }),
    session: async (id: string) => (await client.call('session', { id })).session,
    messages,
    texts: async (id: string) => (await messages(id)).map(({ kind, text }) => `${kind}: ${text}`),
    call: ((name, params) => client.call(name, params)) as typeof client.call,
    /** The raw lines, as an export gives them. */
    lines: async (id: string): Promise<string[]> => {
      let text = ''
      for (let after: number | undefined; ;) {
        const piece = await client.call('export', {
          id,
          format: 'jsonl',
          ...(after !== undefined && { after }),
        })
        text += piece.text
        if (piece.next === undefined) return text.split('\n').slice(0, -1)
        after = piece.next
      }
    },
    /** The archive is closed and opened again, as after a restart. */
    restart: async () => {
      await client.close()
      client = archiveIn(path, exclude)
    },
    rows: <T>(sql: string, ...values: (string | number)[]): T[] => {
      using database = new Database(path, { readonly: true })
      return database.query<T, (string | number)[]>(sql).all(...values)
    },
    /** By another connection: what would take long to say. */
    write: <T>(work: (database: Database) => T): T => {
      using database = new Database(path)
      database.run('PRAGMA busy_timeout = 5000')
      return work(database)
    },
    [Symbol.asyncDispose]: async () => {
      await client.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
