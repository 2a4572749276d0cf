// THE AGENTS ROOM: keys, and the programs elsewhere that come in with them.
//
// Promises: keys, secrets and the tokens that renew are kept as hashes and said once; each call of an agent is judged by
// the proof it carries, at the moment it is done, so that nothing goes on after a key is taken back, an agent has left
// or a login has ended: not a token, not an open stream. An agent sees and changes what is its own alone. Every change
// is an event on `key:NAME`, written with it.
// Refuses: a second instance of an agent while the first is alive, and more than a key's scopes.

import type { Database } from 'bun:sqlite'
import { PaidError } from '../protocol/error.ts'
import type { Dispatch, HandlersFor } from '../core/dispatch.ts'
import type { Ground } from '../core/ground.ts'
import { tokenSecret } from '../core/migrations/agents.ts'
import { createFollowers } from './agents/followers.ts'
import { acknowledge, acknowledgedBy, unread } from './agents/inbox.ts'
import { findKey, grantedScopes, isKeyLike, type KeyRow, provenKey } from './agents/keys.ts'
import { createKeyring, told } from './agents/keyring.ts'
import { createProof, type Login } from './agents/proof.ts'
import {
  findAgent,
  findSession,
  forgetAgent,
  isAlive,
  putAgent,
  removeSession,
  sessionsOf,
  shownAgent,
  shownSession,
} from './agents/rows.ts'
import { createSessionsOfAgents } from './agents/sessions.ts'
import { createTokens } from './agents/tokens.ts'

export const createAgents = ({
  log,
  database,
  clock,
  steady,
  dispatch,
}: Ground & { dispatch: Dispatch }): HandlersFor<'key' | 'agent'> => {
  const tokens = createTokens(Buffer.from(secretIn(database), 'hex'), clock.now)
  const { look, enter, change, renewed } = createProof(log, tokens, clock)
  const sessions = createSessionsOfAgents({ tokens })
  const followers = createFollowers({ dispatch, steady })

  const { dismiss } = followers

  return {
    ...createKeyring({ log, clock, dismiss }),

    'agent.register': async ({ name, organization, key, instance }, { by }) => {
      const judge = (reader: Database): KeyRow => {
        const row = findKey(reader, name)
        if (!row) throw new PaidError('unknown_key')
        if (!isKeyLike(key)) throw new PaidError('bad_key', 'This does not look like a key')
        if (provenKey(reader, { key }, clock.now()).name !== name) throw new PaidError('bad_key')
        if (row.organization !== null && row.organization !== organization)
          throw new PaidError('forbidden', 'The key is of another organization')
        return row
      }
      await log.read(judge)
      return log.commit(({ database, append }) => {
        judge(database)
        const now = clock.now()
        const before = findAgent(database, name)
        const there = before && shownAgent(judge(database), before, now).instance?.instanceId
        if (before && there !== undefined && there !== instance.instanceId && isAlive(before, now))
          return { registered: false, other: there }
        putAgent(database, {
          name,
          presence: 'online',
          changed_at: now,
          organization,
          instance: JSON.stringify(instance),
          registered_at: now,
        })
        append(told(name, 'agent.registered', { organization, instance }, by))
        return { registered: true, at: now }
      })
    },

    'agent.login': async ({ key, secret, scopes }, { by }) => {
      await log.read((reader) => provenKey(reader, { key, secret }, clock.now()))
      return log.commit(({ database, append }) => {
        const now = clock.now()
        const row = provenKey(database, { key, secret }, now)
        const login = sessions.login(database, row, grantedScopes(row, scopes), now)
        putAgent(database, { name: row.name, presence: 'online', changed_at: now })
        append(told(row.name, 'agent.logged_in', { session: login.session, scopes: login.scopes }, by))
        const { access, accessExpiresAt, refresh, session } = login
        const agent = shownAgent(row, findAgent(database, row.name), now)
        return { access, accessExpiresAt, refresh, session, agent }
      })
    },

    'agent.refresh': async ({ token }, { by }) => {
      await log.read((reader) => renewed(token, reader))
      return log.commit(({ database, append }) => {
        const { session, key, now } = renewed(token, database)
        append(told(key.name, 'agent.refreshed', { session: session.id }, by))
        return sessions.access(session, now)
      })
    },

    'agent.get': ({ token }) =>
      look(token, undefined, (reader, { key, session, claims, now }) => ({
        agent: shownAgent(key, findAgent(reader, key.name), now),
        login: shownSession(session),
        scopes: claims.scopes,
      })),

    'agent.leave': async ({ token }, { by }) => {
      const name = await change(token, undefined, ({ database, append }, { key }) => {
        append(told(key.name, 'agent.left', { sessions: forgetAgent(database, key.name) }, by))
        return key.name
      })
      dismiss(name)
      return { left: true }
    },

    'agent.beat': ({ token, session, status, metrics }, { by }) =>
      change(token, undefined, ({ database, append }, { key, now }) => {
        const found = session === undefined ? undefined : findSession(database, session, now)
        if (found?.name === key.name) sessions.heard(database, found, status, now)
        putAgent(database, {
          name: key.name,
          presence: presenceOf[status],
          changed_at: now,
          heard_at: now,
          metrics: metrics === undefined ? null : JSON.stringify(metrics),
        })
        append(told(key.name, 'agent.beat', { status, metrics, session }, by))
        return { at: now }
      }),

    'agent.report': ({ token, status, message }, { by }) =>
      change(token, 'status:write', ({ database, append }, { key, now }) => {
        putAgent(database, {
          name: key.name,
          presence: presenceOf[status],
          changed_at: now,
          state: status,
          message: message ?? null,
          reported_at: now,
        })
        append(told(key.name, 'agent.reported', { status, message }, by))
        return { at: now }
      }),

    'agent.sessions': ({ token }) =>
      look(token, 'sessions:read', (reader, { key, now }) => ({
        sessions: sessionsOf(reader, key.name, now).map(shownSession),
      })),

    'agent.open': ({ token, agent, type, metadata, lasts }, { by }) =>
      change(token, 'sessions:write', ({ database, append }, { key, now }) => {
        if (agent !== key.name) throw new PaidError('forbidden', 'This is the key of another agent')
        const session = sessions.open(database, { name: key.name, type, metadata, lasts }, now)
        append(told(key.name, 'agent.opened', { session: session.id, type, metadata }, by))
        return { session }
      }),

    'agent.change': async ({ token, session: id, ...given }, { by }) => {
      const session = await change(token, 'sessions:write', ({ database, append }, { key, now }) => {
        const changed = sessions.change(database, key.name, id, given, now)
        append(told(key.name, 'agent.changed', { session: id, ...given }, by))
        return changed
      })
      if (session.status === 'expired' || session.status === 'terminated') dismiss(session.agent, id)
      return { session }
    },

    'agent.close': async ({ token, session: id }, { by }) => {
      const name = await change(token, 'sessions:write', ({ database, append }, { key, now }) => {
        sessions.own(database, key.name, id, now)
        removeSession(database, id)
        append(told(key.name, 'agent.closed', { session: id }, by))
        return key.name
      })
      dismiss(name, id)
      return { closed: true }
    },

    'agent.events': async ({ token, since, limit }) => {
      const { name, done } = await look(token, 'events:read', (reader, { key }) => ({
        name: key.name,
        done: acknowledgedBy(reader, key.name, since),
      }))
      return { events: await unread(dispatch, name, done, { since, limit }) }
    },

    'agent.follow': async ({ token, since }, peer) => {
      const following = await look(token, 'events:read', (reader, { key, session, claims, now }) => ({
        name: key.name,
        session: session.id,
        done: acknowledgedBy(reader, key.name, since ?? log.head),
        since,
        leftMs: endOf({ key, session, claims }) - now,
      }))
      return { subscription: await followers.follow(peer, following) }
    },

    'agent.enter': async ({ token }, peer) => {
      const login = await enter(token, 'sessions:run')
      const { key, session, now } = login
      const expiresAt = endOf(login)
      const forget = followers.enter(peer, { name: key.name, session: session.id, leftMs: expiresAt - now })
      try {
        // it may have ended before anybody would have been told
        await enter(token, 'sessions:run')
      } catch (error) {
        forget()
        throw error
      }
      return { name: key.name, expiresAt }
    },

    'agent.acknowledge': ({ token, events }, { by }) =>
      change(token, 'events:write', ({ database, append }, { key }) => {
        const noted = acknowledge(database, key.name, events)
        if (noted.length > 0) append(told(key.name, 'agent.acknowledged', { events: noted }, by))
        return { acknowledged: noted.length }
      }),
  }
}

const presenceOf = {
  active: 'online',
  idle: 'away',
  busy: 'busy',
  paused: 'busy',
  error: 'offline',
} as const

/** When the token is good for nothing any more. */
const endOf = ({ key, session, claims }: Omit<Login, 'now'>): number =>
  Math.min(claims.exp * 1000, session.expires_at, key.expires_at ?? Infinity)

const secretIn = (database: Database): string =>
  database.query<{ value: string }, [string]>('SELECT value FROM meta WHERE name = +?').get(tokenSecret)
    ?.value ?? ''
