// Which webhooks there are. All of them stand in memory, because every request asks; a change is written first.

import type { Database } from 'bun:sqlite'
import { PaidError } from '../../protocol/error.ts'
import { webhookPrefix, type Webhook, webhookSchemes } from '../../protocol/webhooks.ts'
import { type AddressList, createAddressList, parseNetwork } from '../../lib/address-list.ts'
import type { Log, Transaction } from '../../core/log.ts'
import type { SchemeName } from './schemes.ts'

export type Hook = {
  namespace: string
  name: string
  scheme: SchemeName
  secret: string
  /** the secret before this one, and the instant (epoch ms) from which it is no longer valid */
  previous: { secret: string; until: number } | undefined
  /** one of them is there: an action's name, a channel */
  action: string | undefined
  channel: string | undefined
  toleranceMs: number
  async: boolean
  allow: readonly string[]
  by: string
  addedAt: number
  /** where it may come from; undefined: from anywhere */
  from: AddressList | undefined
}

type Row = {
  namespace: string
  name: string
  scheme: string
  secret: string
  previous: string | null
  previous_until: number | null
  action: string | null
  channel: string | null
  tolerance_ms: number
  async: number
  allow: string
  by: string
  added_at: number
}

const insert = 'INSERT INTO webhooks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)'
const exists = 'SELECT 1 FROM webhooks WHERE namespace = +? AND name = +?'
const change =
  'UPDATE webhooks SET secret = ?, previous = ?, previous_until = ? WHERE namespace = ? AND name = ?'
const forget = 'DELETE FROM webhooks WHERE namespace = ? AND name = ?'

/** What needs no secret comes from this machine alone, unless it was said where from. */
const ownMachine = ['127.0.0.0/8', '::1']

export type Registry = ReturnType<typeof createRegistry>

/** @param database looked into once, at the beginning */
export const createRegistry = (log: Log, database: Database) => {
  const hooks = new Map<string, Hook>()
  const keyOf = ({ namespace, name }: { namespace: string; name: string }): string => `${namespace}\0${name}`
  for (const row of database.query<Row, []>('SELECT * FROM webhooks').all()) {
    const hook = hookOf(row)
    hooks.set(keyOf(hook), hook)
  }

  const tell = ({ append }: Transaction, hook: Hook, type: string, by: string, data: object): void =>
    void append({
      namespace: hook.namespace,
      channel: `${webhookPrefix}${hook.name}`,
      type,
      by,
      dataText: JSON.stringify(data),
    })

  return {
    find: (namespace: string, name: string): Hook | undefined => hooks.get(keyOf({ namespace, name })),

    /** By name, those after `after`. */
    page: (namespace: string, after: string, limit: number): Hook[] =>
      [...hooks.values()]
        .filter((hook) => hook.namespace === namespace && hook.name > after)
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
        .slice(0, limit),

    /** Throws `name_taken`. */
    add: async (hook: Hook): Promise<void> => {
      await log.commit((transaction) => {
        if (transaction.database.query(exists).get(hook.namespace, hook.name))
          throw new PaidError(
            'name_taken',
            `There is a webhook ${JSON.stringify(hook.name)} already`,
            'Remove it first, or give it a new secret with `paid webhooks rotate`.',
          )
        transaction.database
          .query(insert)
          .run(
            hook.namespace,
            hook.name,
            hook.scheme,
            hook.secret,
            null,
            null,
            hook.action ?? null,
            hook.channel ?? null,
            hook.toleranceMs,
            hook.async ? 1 : 0,
            JSON.stringify(hook.allow),
            hook.by,
            hook.addedAt,
          )
        const { name: _, path: __, by: ___, addedAt: ____, ...said } = shownHook(hook, hook.addedAt)
        tell(transaction, hook, 'webhook.added', hook.by, said)
      })
      hooks.set(keyOf(hook), hook)
    },

    rotate: async (hook: Hook, secret: string, until: number, by: string): Promise<Hook> => {
      const rotated: Hook = { ...hook, secret, previous: { secret: hook.secret, until } }
      await log.commit((transaction) => {
        transaction.database.query(change).run(secret, hook.secret, until, hook.namespace, hook.name)
        tell(transaction, hook, 'webhook.rotated', by, { previousUntil: until })
      })
      hooks.set(keyOf(rotated), rotated)
      return rotated
    },

    /** False when it was not there. */
    remove: async (namespace: string, name: string, by: string): Promise<boolean> => {
      const hook = hooks.get(keyOf({ namespace, name }))
      if (!hook) return false
      await log.commit((transaction) => {
        transaction.database.query(forget).run(namespace, name)
        tell(transaction, hook, 'webhook.removed', by, {})
      })
      hooks.delete(keyOf(hook))
      return true
    },
  }
}

/** The secrets that count at an instant, the newest first. */
export const secretsOf = ({ secret, previous }: Hook, now: number): string[] =>
  previous && now < previous.until ? [secret, previous.secret] : [secret]

/** Throws `bad_request` naming what is neither an address nor a network. */
export const originsOf = (scheme: SchemeName, allow: readonly string[]): AddressList | undefined => {
  const wrong = allow.find((text) => !parseNetwork(text))
  if (wrong !== undefined)
    throw new PaidError(
      'bad_request',
      `allow: ${JSON.stringify(wrong)} is neither an address nor a network`,
      'Write 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32.',
    )
  if (allow.length > 0) return createAddressList(allow)
  return scheme === 'none' ? createAddressList(ownMachine) : undefined
}

export const pathOf = ({ namespace, name }: { namespace: string; name: string }): string =>
  ['/webhook', ...(namespace === '' ? [] : [namespace]), name]
    .map((part, at) => (at === 0 ? part : encodeURIComponent(part)))
    .join('/')

/** What may be shown of a webhook: everything but its secrets. */
export const shownHook = (hook: Hook, now: number): Webhook => ({
  name: hook.name,
  path: pathOf(hook),
  scheme: hook.scheme,
  ...(hook.action !== undefined && { do: hook.action }),
  ...(hook.channel !== undefined && { publish: hook.channel }),
  tolerance: hook.toleranceMs,
  async: hook.async,
  allow: [...hook.allow],
  by: hook.by,
  addedAt: hook.addedAt,
  ...(hook.previous && now < hook.previous.until && { previousUntil: hook.previous.until }),
})

const hookOf = (row: Row): Hook => {
  const scheme = webhookSchemes.find((known) => known === row.scheme)
  if (!scheme) throw new PaidError('incompatible', `The webhook ${row.name} has a scheme nobody knows`)
  const allow: string[] = JSON.parse(row.allow)
  const { previous, previous_until: until } = row
  return {
    namespace: row.namespace,
    name: row.name,
    scheme,
    secret: row.secret,
    previous: previous === null || until === null ? undefined : { secret: previous, until },
    action: row.action ?? undefined,
    channel: row.channel ?? undefined,
    toleranceMs: row.tolerance_ms,
    async: row.async === 1,
    allow,
    by: row.by,
    addedAt: row.added_at,
    from: originsOf(scheme, allow),
  }
}
