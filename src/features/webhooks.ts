// THE WEBHOOKS ROOM: senders elsewhere tell the daemon something, at an address each of its own.
//
// Promises: nothing of a delivery is parsed before its sender is proven by the webhook's own scheme, and a name that
// does not exist is refused with the same work as a wrong secret. A delivery is on disk before it is answered. What has
// a once-only id is done once, whoever sends it again and when, also two at a moment and after kill -9: its sender is
// answered as it was the first time. A run that the daemon's end cut off is lost, and said to be; only `redeliver` does
// it again. One that could not even begin (a full line, an action that does not exist) its sender may send again.
// Refuses: deliveries from elsewhere than `allow` says, by the address of the socket; and without a secret, whatever
// does not come from this machine or from where it was said to.

import { PaidError } from '../protocol/error.ts'
import { limits } from '../protocol/limits.ts'
import type { Bus } from '../core/bus.ts'
import type { Dispatch, HandlersFor } from '../core/dispatch.ts'
import type { Ground } from '../core/ground.ts'
import { argsOf, bodyOf } from './webhooks/args.ts'
import { type Answer, newest, unfinished } from './webhooks/deliveries.ts'
import { createRegistry, type Hook, originsOf, pathOf, secretsOf, shownHook } from './webhooks/registry.ts'
import { createRuns } from './webhooks/runs.ts'
import { checkSecret, sign, verify } from './webhooks/schemes.ts'

/** Posts to a path of the daemon itself, over the owner's own socket. */
export type PostToSelf = (path: string, body: Uint8Array, headers: Record<string, string>) => Promise<Answer>

export const createWebhooks = ({
  log,
  bus,
  database,
  dispatch,
  clock,
  steady,
  logger,
  postToSelf,
  isExposed,
}: Ground & {
  bus: Pick<Bus, 'size'>
  dispatch: Dispatch
  postToSelf: PostToSelf
  /** whether other machines can reach an address that the daemon listens on */
  isExposed: boolean
}): HandlersFor<'webhook'> => {
  const registry = createRegistry(log, database)
  const runs = createRuns({ log, bus, dispatch, clock, steady, logger })
  // nothing is written where there is nothing to tell
  if (unfinished(database).length > 0)
    runs
      .loseUnfinished()
      .catch((error: unknown) => logger.error('lost deliveries could not be noted', { error }))

  /** Throws `unknown_webhook`. */
  const known = (namespace: string, name: string): Hook => {
    const hook = registry.find(namespace, name)
    if (hook) return hook
    throw new PaidError('unknown_webhook', `There is no webhook ${JSON.stringify(name)}`)
  }

  return {
    'webhook.receive': async ({ name, headers: given, query, body: sent, address }, { namespace }) => {
      const hook = registry.find(namespace, name)
      const body = typeof sent === 'string' ? Buffer.from(sent) : sent
      const headers = given instanceof Headers ? given : headersOf(given)
      const now = clock.now()
      if (!hook) {
        verify('github', { body, headers, now }, [], limits.webhookToleranceMs)
        return notFound
      }
      if (hook.from && address !== undefined && !hook.from.has(address)) return elsewhere(address)
      const secrets = secretsOf(hook, now)
      const verdict = verify(hook.scheme, { body, headers, now }, secrets, hook.toleranceMs)
      if (!verdict.ok) return refused

      let parsed: ReturnType<typeof bodyOf>
      try {
        parsed = bodyOf(body)
      } catch (error) {
        if (error instanceof PaidError) return notJson
        throw error
      }
      const challenge = hook.scheme === 'slack' ? challengeIn(parsed) : undefined
      if (challenge !== undefined) return { status: 200, text: JSON.stringify({ challenge }) }
      const args = argsOf(parsed, { body, headers, query }, { secrets, timestamp: now })
      const delivery = verdict.delivery ?? `dlv_${crypto.randomUUID()}`
      return await runs.deliver({ hook, delivery, args, argsText: JSON.stringify(args) })
    },

    'webhook.add': async (params, { namespace, by }) => {
      const { name, scheme, secret = '', do: action, publish: channel, tolerance, async, allow } = params
      if (scheme === 'none' && secret !== '')
        throw new PaidError('bad_request', 'secret: the scheme none has no secret', 'Choose another scheme.')
      checkSecret(scheme, secret)
      if (name === '.' || name === '..')
        throw new PaidError('bad_request', `name: nobody can reach /webhook/${name}`, 'Choose another name.')
      const from = originsOf(scheme, allow)
      if (scheme === 'none' && allow.length === 0 && isExposed)
        throw new PaidError(
          'bad_request',
          'Other machines can reach this daemon, and the scheme none asks nobody for a secret',
          'Say where it may come from: --allow 192.0.2.0/24, or choose another scheme.',
        )
      const addedAt = clock.now()
      const settings = { toleranceMs: tolerance, async, allow, from }
      const hook: Hook = {
        namespace,
        name,
        scheme,
        secret,
        action,
        channel,
        ...settings,
        by,
        addedAt,
        previous: undefined,
      }
      await registry.add(hook)
      return shownHook(hook, addedAt)
    },

    'webhook.list': ({ after = '', limit }, { namespace }) => {
      const page = registry.page(namespace, after, limit + 1)
      const shown = page.slice(0, limit).map((hook) => shownHook(hook, clock.now()))
      const next = page.length > limit ? shown.at(-1)?.name : undefined
      return { webhooks: shown, ...(next !== undefined && { next }) }
    },

    'webhook.get': ({ name }, { namespace }) => {
      const hook = registry.find(namespace, name)
      return { webhook: hook ? shownHook(hook, clock.now()) : null }
    },

    'webhook.remove': async ({ name }, { namespace, by }) => ({
      removed: await registry.remove(namespace, name, by),
    }),

    'webhook.rotate': async ({ name, secret, keep }, { namespace, by }) => {
      const hook = known(namespace, name)
      if (hook.scheme === 'none') throw new PaidError('bad_request', 'The scheme none has no secret')
      checkSecret(hook.scheme, secret)
      const rotated = await registry.rotate(hook, secret, clock.now() + keep, by)
      return shownHook(rotated, clock.now())
    },

    'webhook.deliveries': ({ name, before = Number.MAX_SAFE_INTEGER, limit }, { namespace }) =>
      log.read((reader) => {
        const found = newest(reader, { namespace, name }, before, limit + 1)
        const { rows, next } = pageOf(found, limit)
        if (found.length === 0) known(namespace, name)
        return { deliveries: rows, ...(next !== undefined && { next }) }
      }),

    'webhook.redeliver': async ({ name, delivery }, { namespace, by }) => {
      const { status, text } = await runs.redeliver(known(namespace, name), delivery, by)
      return { delivery, status, answer: JSON.parse(text) }
    },

    'webhook.test': async ({ name, body: given = {} }, { namespace }) => {
      const hook = known(namespace, name)
      const body = Buffer.from(JSON.stringify(given))
      const delivery = `test-${crypto.randomUUID()}`
      const began = steady.now()
      const signed = sign(hook.scheme, body, hook.secret, { now: clock.now(), delivery })
      const headers = { 'content-type': 'application/json', 'idempotency-key': delivery, ...signed }
      const { status, text } = await postToSelf(pathOf(hook), body, headers)
      return { delivery, status, answer: JSON.parse(text), durationMs: steady.now() - began }
    },
  }
}

const headersOf = (given: Record<string, string>): Headers => {
  try {
    return new Headers(given)
  } catch {
    throw new PaidError('bad_request', 'headers: a name or a value is none that HTTP has')
  }
}

const said = (status: number, what: object): Answer => ({ status, text: JSON.stringify(what) })

const refused = said(401, { error: 'Invalid webhook secret' })
const notFound = said(404, { error: 'Not found. Use /webhook/{name}' })
const notJson = said(400, { error: 'Invalid JSON body' })
const elsewhere = (sourceIp: string): Answer =>
  said(403, { error: 'Source IP not in webhook allowlist', sourceIp })

/** Slack asks once whether the address is its owner's, by a text that it wants back. */
const challengeIn = (body: object): string | undefined => {
  if (!('type' in body) || body.type !== 'url_verification' || !('challenge' in body)) return undefined
  return typeof body.challenge === 'string' ? body.challenge : undefined
}

const pageOf = <Row extends { event: string }>(found: readonly Row[], limit: number) => {
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  return { rows, next: found.length > limit && last ? Number(last.event.slice('evt_'.length)) : undefined }
}
