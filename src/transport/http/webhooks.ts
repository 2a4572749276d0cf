// `POST /webhook/{name}` and `/webhook/{namespace}/{name}`: bytes in, one call, and the answer as the photon daemon's
// webhooks gave it. No token is asked for: the webhook's own scheme judges, in its room. What is answered here does not
// depend on which names there are.

import { isName } from '../../protocol/channel.ts'
import { limits } from '../../protocol/limits.ts'
import { asPaidError } from '../../core/dispatch.ts'
import { createPeer } from '../../core/peer.ts'
import type { Refusals } from '../refusals.ts'
import { jsonOk, jsonText } from './answer.ts'
import { bodyError, readBytes } from './body.ts'
import type { House } from './route.ts'
import { rateWindowMs } from './webhook-rates.ts'

const root = '/webhook'

export const isWebhookPath = (path: string): boolean => path === root || path.startsWith(`${root}/`)

/** @param address of the socket it came on; undefined on one that only the owner reaches */
export type WebhookDoor = (
  request: Request,
  path: string,
  search: string,
  address: () => string | undefined,
) => Response | Promise<Response>

const allow = 'POST'
const peerName = 'http:webhook'

export const createWebhookDoor = (
  { dispatch, logger, maxBody, rates }: House,
  refusals: Refusals,
): WebhookDoor => {
  const nameless = createPeer(peerName, 'write')

  const receive = async (
    request: Request,
    { namespace, name }: Target,
    search: string,
    address: string | undefined,
  ): Promise<Response> => {
    try {
      const body = await readBytes(request, maxBody)
      const { headers } = request
      const given = { name, headers, query: search, body, ...(address !== undefined && { address }) }
      const { status, text } = await dispatch(
        namespace === '' ? nameless : createPeer(peerName, 'write', namespace),
        'webhook.receive',
        given,
      )
      if (status === 401 || status === 403 || status === 404) refusals.count('webhook')
      return status === 200 ? jsonOk(text) : jsonText(text, status)
    } catch (thrown) {
      const error = asPaidError(bodyError(thrown) ?? thrown, logger, 'a webhook')
      if (error.code === 'too_large') refusals.count('size')
      return said(error.status, { error: error.message })
    }
  }

  return (request, path, search, addressOf) => {
    const { method } = request
    if (method === 'OPTIONS') return new Response(null, { status: 204, headers: { allow } })
    if (path === root) return notFoundAnswer()
    if (method !== 'POST') return said(405, { error: 'Method not allowed. Use POST' }, { allow })
    const target = targetOf(path)
    if (!target) return notFoundAnswer()
    const address = addressOf()
    const wait =
      address === undefined ? undefined : rates.judge(`${target.namespace}/${target.name}`, address)
    if (wait === undefined) return receive(request, target, search, address)
    refusals.count('rate')
    const seconds = String(Math.max(1, Math.ceil(wait / 1000)))
    const what = { error: 'Too many requests', limit: rates.perMinute, windowMs: rateWindowMs }
    return said(429, what, { 'retry-after': seconds })
  }
}

const said = (status: number, what: object, headers: Record<string, string> = {}): Response =>
  jsonText(JSON.stringify(what), status, headers)

export const notFoundAnswer = (): Response => said(404, { error: 'Not found. Use /webhook/{name}' })

type Target = { namespace: string; name: string }

/** Names are data: decoded once, and whatever a name may be. */
const targetOf = (path: string): Target | undefined => {
  try {
    const parts = path
      .slice(root.length + 1)
      .split('/')
      .map(decodeURIComponent)
    const [first = '', second] = parts
    const target = second === undefined ? { namespace: '', name: first } : { namespace: first, name: second }
    if (parts.length > 2 || !isName(target.name, limits.webhookNameBytes)) return undefined
    return second === undefined || isName(target.namespace, limits.namespaceBytes) ? target : undefined
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}
