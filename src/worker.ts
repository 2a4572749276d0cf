// The worker thread: whatever is unbounded runs here, on connections of its own, so that no hook ever waits for it.
// Asked `{kind: 'check', database}`, it answers `{kind: 'check', damage: string[]}`, empty when the file is whole.

import { Database } from 'bun:sqlite'

export type WorkerRequest = { kind: 'check'; database: string }
export type WorkerReply = { kind: 'check'; damage: string[] }

declare const self: Worker

self.addEventListener('message', ({ data }: MessageEvent<WorkerRequest>): void => {
  const reply: WorkerReply = { kind: 'check', damage: check(data.database) }
  self.postMessage(reply)
})

const check = (path: string): string[] => {
  try {
    using database = new Database(path, { readonly: true })
    database.run('PRAGMA busy_timeout = 5000')
    const rows = database.query<{ quick_check: string }, []>('PRAGMA quick_check(10)').all()
    return rows.map((row) => row.quick_check).filter((line) => line !== 'ok')
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}
