// The owner's side of keys: made, listed, taken back.

import { PaidError } from '../../protocol/error.ts'
import { keyPrefix } from '../../protocol/keys.ts'
import type { HandlersFor } from '../../core/dispatch.ts'
import type { Ground } from '../../core/ground.ts'
import type { Draft } from '../../core/log-event.ts'
import { findKey, type KeyRow, newKey, stateOf } from './keys.ts'
import { findAgent, forgetAgent, shownKey } from './rows.ts'
import { hashOf } from './tokens.ts'

/** @param dismiss ends what an agent has open */
export const createKeyring = ({
  log,
  clock,
  dismiss,
}: Pick<Ground, 'log' | 'clock'> & { dismiss: (name: string) => void }): HandlersFor<'key'> => {
  return {
    'key.add': async ({ name, scopes, organization, expires }, { by }) => {
      const { key, secret } = newKey(name)
      const now = clock.now()
      const row: KeyRow = {
        name,
        key_hash: hashOf(key),
        secret_hash: hashOf(secret),
        scopes: JSON.stringify(scopes),
        organization: organization ?? null,
        by,
        added_at: now,
        expires_at: expires === undefined ? null : now + expires,
        revoked_at: null,
        last_login: 0,
      }
      await log.commit(({ database, append }) => {
        const before = findKey(database, name)
        if (before && stateOf(before, now) !== 'revoked')
          throw new PaidError(
            'name_taken',
            `There is a key ${JSON.stringify(name)} already`,
            `Take it back first: paid keys revoke ${name}`,
          )
        database
          .query('INSERT OR REPLACE INTO agent_keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
          .run(...Object.values({ ...row, last_login: before?.last_login ?? 0 }))
        append(told(name, 'key.added', { scopes, organization, expiresAt: row.expires_at ?? undefined }, by))
      })
      return { ...shownKey(row, undefined, now), key, secret }
    },

    'key.list': ({ after = '', limit }) =>
      log.read((reader) => {
        const rows = reader
          .query<KeyRow, [string, number]>('SELECT * FROM agent_keys WHERE name > +? ORDER BY name LIMIT ?')
          .all(after, limit + 1)
        const now = clock.now()
        const keys = rows.slice(0, limit).map((row) => shownKey(row, findAgent(reader, row.name), now))
        const next = rows.length > limit ? keys.at(-1)?.name : undefined
        return { keys, ...(next !== undefined && { next }) }
      }),

    'key.revoke': async ({ name }, { by }) => {
      const revoked = await log.commit(({ database, append }) => {
        const now = clock.now()
        const row = findKey(database, name)
        if (!row || stateOf(row, now) === 'revoked') return false
        database.query('UPDATE agent_keys SET revoked_at = ? WHERE name = +?').run(now, name)
        append(told(name, 'key.revoked', { sessions: forgetAgent(database, name) }, by))
        return true
      })
      if (revoked) dismiss(name)
      return { revoked }
    },
  }
}

/** An event that tells of a key or of its agent; never a key, a secret or a token. */
export const told = (name: string, type: string, data: object, by: string): Draft => ({
  namespace: '',
  channel: `${keyPrefix}${name}`,
  type,
  by,
  dataText: JSON.stringify(data),
})
