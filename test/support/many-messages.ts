// Very many messages in an archive, without as many transcripts: copies of its last message, each with words of its own.

import type { Database } from 'bun:sqlite'

/** between the ids of two copies */
const apart = 1000

/** The nth copy, from 1, is found by the words that `wordsOf` gives for n. Gives back which copy an id is. */
export const addMessages = (
  database: Database,
  count: number,
  wordsOf: (n: number) => string,
): ((id: number) => number) => {
  const seed = database.query<{ id: number }, []>('SELECT id FROM messages ORDER BY id DESC LIMIT 1').get()
  if (!seed) throw new Error('nothing is kept')
  const message = database.query(
    `INSERT INTO messages SELECT id + ?, session, chunk, start, part, at, role, kind, tool, agent, NULL, NULL
     FROM messages WHERE id = ?`,
  )
  const words = database.query('INSERT INTO words (rowid, text) VALUES (?, ?)')
  database.transaction(() => {
    for (let n = 1; n <= count; n++) {
      message.run(apart * n, seed.id)
      words.run(seed.id + apart * n, wordsOf(n))
    }
    database.run('UPDATE sessions SET last_at = last_at + ?', [apart * count])
  })()
  return (id) => (id - seed.id) / apart
}
