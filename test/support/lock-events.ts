// What the log must hold of locks: every change is an event on the lock's own channel, once, in order, under the token
// that was told.

import type { Engine } from './engine.ts'
import { names } from './lock-steps.ts'

export const checkEvents = (
  engine: Engine,
  history: ReadonlyMap<string, { type: string; holder: string; grant: number }[]>,
  tokens: readonly number[],
  same: (what: string, found: unknown, expected: unknown) => void,
): void => {
  const rows = engine.reader.query<{ seq: number; type: string; data: string }, [string]>(
    'SELECT e.seq, s.type, e.data FROM events e JOIN streams s ON s.id = e.stream WHERE s.channel = ? ORDER BY e.seq',
  )
  for (const each of names) {
    const found = rows.all(`lock:${each}`).map(({ seq, type, data }) => {
      const { holder, token }: { holder: string; token?: number } = JSON.parse(data)
      return { type, holder, token: type === 'lock.acquired' ? seq : token }
    })
    const expected = (history.get(each) ?? []).map(({ type, holder, grant }, at) => ({
      type,
      holder,
      // a grant that nobody lived to hear of has the number that the log gave it
      token: tokens[grant] ?? found[at]?.token,
    }))
    same(`events of ${each}`, found, expected)
  }
}
