// Who asks: the login that an access token is of, as it stands at this moment. Every call of an agent comes through
// here, so that a token is refused from the instant its login ends, its key is taken back or its time is over.

import type { Database } from 'bun:sqlite'
import type { KeyScope } from '../../protocol/keys.ts'
import { PaidError } from '../../protocol/error.ts'
import type { Log, Transaction } from '../../core/log.ts'
import type { Clock } from '../../lib/clock.ts'
import { findKey, type KeyRow, mayDo, stateOf } from './keys.ts'
import { findSession, type SessionRow } from './rows.ts'
import { type Claims, hashOf, isSame, type Tokens } from './tokens.ts'

export type Login = { key: KeyRow; session: SessionRow; claims: Claims; now: number }

export type Proof = ReturnType<typeof createProof>

export const createProof = (log: Log, tokens: Tokens, clock: Clock) => {
  /** What a token says; only what we signed gets this far, so that guessing costs no commit. */
  const claimsOf = (token: string): Claims => {
    const claims = tokens.read(token)
    if (typeof claims === 'string' || claims.type !== 'access') throw new PaidError('bad_token')
    return claims
  }

  const loginOf = (
    database: Database,
    claims: Claims,
    scope: KeyScope | undefined,
    gone: 'bad_token' | 'token_revoked' = 'bad_token',
  ): Login => {
    const now = clock.now()
    const session = findSession(database, claims.daemonId, now)
    const key = findKey(database, claims.orchestratorId)
    const stands = session?.status === 'active' || session?.status === 'idle'
    if (!session || !stands || session.refresh_hash === null) throw new PaidError(gone)
    if (!key || session.name !== key.name || stateOf(key, now) !== 'valid') throw new PaidError(gone)
    if (scope !== undefined && !mayDo(key, claims.scopes, scope))
      throw new PaidError('insufficient_scope', `This needs the scope ${scope}`)
    return { key, session, claims, now }
  }

  return {
    /** Reads as the agent of this token. Rejects with `bad_token`, `insufficient_scope`. */
    look: <T>(
      token: string,
      scope: KeyScope | undefined,
      work: (reader: Database, login: Login) => T,
    ): Promise<T> => {
      const claims = claimsOf(token)
      return log.read((reader) => work(reader, loginOf(reader, claims, scope)))
    },

    /**
     * Who comes with this token; says exactly what is wrong with one. Rejects with `bad_token`,
     * `wrong_token`, `token_expired`, `token_revoked`, `insufficient_scope`.
     */
    enter: async (token: string, scope: KeyScope): Promise<Login> => {
      const claims = tokens.read(token)
      if (claims === 'expired') throw new PaidError('token_expired')
      if (claims === 'bad') throw new PaidError('bad_token')
      if (claims.type !== 'access') throw new PaidError('wrong_token')
      return await log.read((reader) => loginOf(reader, claims, scope, 'token_revoked'))
    },

    /** Changes something as the agent of this token. Rejects likewise. */
    change: <T>(
      token: string,
      scope: KeyScope | undefined,
      work: (transaction: Transaction, login: Login) => T,
    ): Promise<T> => {
      const claims = claimsOf(token)
      return log.commit((transaction) => work(transaction, loginOf(transaction.database, claims, scope)))
    },

    /** The login that a token renews. Throws `bad_token`, `wrong_token`, `token_expired`, `token_revoked`. */
    renewed: (token: string, reader: Database): { session: SessionRow; key: KeyRow; now: number } => {
      const claims = tokens.read(token)
      if (claims === 'expired') throw new PaidError('token_expired')
      if (claims === 'bad') throw new PaidError('bad_token')
      if (claims.type !== 'refresh') throw new PaidError('wrong_token')
      const now = clock.now()
      const session = findSession(reader, claims.daemonId, now)
      const key = findKey(reader, claims.orchestratorId)
      const stands = session?.status === 'active' || session?.status === 'idle'
      if (!session || !stands || !key || session.name !== key.name) throw new PaidError('token_revoked')
      if (!isSame(hashOf(token), session.refresh_hash ?? '') || stateOf(key, now) !== 'valid')
        throw new PaidError('token_revoked')
      return { session, key, now }
    },
  }
}
