// Keys as the database keeps them: their hashes, what they may do, until when. A key names its agent, so that it is
// found by name and compared once, in constant time; one that does not exist costs the same.

import type { Database } from 'bun:sqlite'
import { randomBytes } from 'node:crypto'
import { type KeyScope, keyScopes } from '../../protocol/keys.ts'
import { PaidError } from '../../protocol/error.ts'
import { hashOf, isSame } from './tokens.ts'

export type KeyRow = {
  name: string
  key_hash: string
  secret_hash: string
  /** JSON */
  scopes: string
  organization: string | null
  by: string
  added_at: number
  expires_at: number | null
  revoked_at: number | null
  /** the number in the id of the last login of this name */
  last_login: number
}

/** A new key of an agent and what belongs to it: 256 random bits each. */
export const newKey = (name: string): { key: string; secret: string } => ({
  key: `vp_${name}_${randomBytes(32).toString('hex')}`,
  secret: randomBytes(32).toString('hex'),
})

const keyShape = /^vp_(.+)_[0-9a-f]{64}$/

export const findKey = (database: Database, name: string): KeyRow | undefined =>
  database.query<KeyRow, [string]>('SELECT * FROM agent_keys WHERE name = +?').get(name) ?? undefined

export const stateOf = (row: KeyRow, now: number): 'valid' | 'expired' | 'revoked' => {
  if (row.revoked_at !== null) return 'revoked'
  return row.expires_at !== null && row.expires_at <= now ? 'expired' : 'valid'
}

/** `vp_` is how a key begins; nothing else is looked up. */
export const isKeyLike = (text: string): boolean => text.startsWith('vp_')

const nobody = hashOf('')

/** The row of a key that is right, and with `secret` given, of a right secret. Throws `bad_key`, `key_disabled`. */
export const provenKey = (
  database: Database,
  { key, secret }: { key: string; secret?: string },
  now: number,
): KeyRow => {
  const name = keyShape.exec(key)?.[1]
  const row = name === undefined ? undefined : findKey(database, name)
  const isKey = isSame(hashOf(key), row?.key_hash ?? nobody)
  const isSecret = secret === undefined || isSame(hashOf(secret), row?.secret_hash ?? nobody)
  if (!row || !isKey || !isSecret) throw new PaidError('bad_key')
  if (stateOf(row, now) !== 'valid') throw new PaidError('key_disabled')
  return row
}

/** Written by `key.add` alone. */
export const scopesOf = ({ scopes }: Pick<KeyRow, 'scopes'>): string[] => JSON.parse(scopes) as string[]

const known = new Set<string>(keyScopes)

/**
 * What a login gets of what it asked for: never more than the key has. Words that are none of ours neither give nor
 * take; clients of the first backend ask for some.
 */
export const grantedScopes = (row: KeyRow, asked: readonly string[]): string[] => {
  const own = scopesOf(row)
  if (own.length === 0) return [...asked]
  const both = own.filter((scope) => asked.includes(scope))
  return both.length > 0 ? both : own
}

/** Never meant unless it is said. */
const isNamedAlone = (scope: KeyScope): boolean => scope === 'sessions:run'

export const mayDo = (row: KeyRow, granted: readonly string[], scope: KeyScope): boolean => {
  const own = scopesOf(row)
  if (isNamedAlone(scope) && !own.includes(scope)) return false
  const limiting = granted.filter((each) => known.has(each))
  return (own.length === 0 || own.includes(scope)) && (limiting.length === 0 || limiting.includes(scope))
}
