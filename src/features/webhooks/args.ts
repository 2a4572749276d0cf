// What a delivery's action or channel gets: the body as it was sent, and beside it `_webhook` with the request that
// brought it. Nothing that lets anybody in is handed on: no authorisation, cookie, token, signature or secret.
// The shape is the photon daemon's: an object gets `_webhook`, an array passes as it is, nothing at all is `{}`.

import { causeHeader, decodeCause } from '../../protocol/cause.ts'
import { isName } from '../../protocol/channel.ts'
import { PaidError } from '../../protocol/error.ts'
import { limits } from '../../protocol/limits.ts'
import { isDeeper } from '../../lib/json-depth.ts'

export type Request = { body: Uint8Array; headers: Headers; query: string }

/** names of headers and parameters of a query that let somebody in */
const lettingIn =
  /authori[sz]ation|cookie|secret|signature|token|password|passwd|credential|api-?_?key|^sig$|^key$/i

/** headers come by the same names all day: each as it is handed on, undefined for one that is not */
const known = new Map<string, string | undefined>()
const knownNames = 1000

const handedOn = (name: string): string | undefined => {
  const found = known.get(name)
  if (found !== undefined || known.has(name)) return found
  const verdict = lettingIn.test(name) ? undefined : name.toLowerCase()
  if (known.size < knownNames && name.length < 100) known.set(name, verdict)
  return verdict
}

/** The body's JSON. Throws `invalid_json`, also for what is neither object nor array. */
export const bodyOf = (bytes: Uint8Array): Record<string, unknown> | unknown[] => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const body = bytes.length === 0 || text.trim() === '' ? {} : parsed(text)
  // a level takes two characters at least
  const isDeep = text.length > 2 * limits.jsonDepth && isDeeper(body, limits.jsonDepth)
  if (isDeep || !isBody(body)) throw new PaidError('invalid_json')
  return body
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text)
  } catch {
    throw new PaidError('invalid_json')
  }
}

const isBody = (value: unknown): value is Record<string, unknown> | unknown[] =>
  typeof value === 'object' && value !== null

/** @param secrets never handed on, wherever in the request they stand */
export const argsOf = (
  body: Record<string, unknown> | unknown[],
  { headers, query }: Request,
  { secrets, timestamp }: { secrets: readonly string[]; timestamp: number },
): Record<string, unknown> | unknown[] => {
  if (Array.isArray(body)) return body
  body['_webhook'] = {
    method: 'POST',
    headers: shown(headers.toJSON(), handedOn, secrets),
    query: query === '' ? {} : shown(Object.fromEntries(new URLSearchParams(query)), asItIs, secrets),
    timestamp,
  }
  return body
}

const asItIs = (name: string): string | undefined => (lettingIn.test(name) ? undefined : name)

const shown = (
  given: Readonly<Record<string, string | string[]>>,
  rename: (name: string) => string | undefined,
  secrets: readonly string[],
): Record<string, string> => {
  const kept: Record<string, string> = {}
  for (const written of Object.keys(given)) {
    const value = given[written]
    const name = rename(written)
    if (typeof value !== 'string' || name === undefined) continue
    if (secrets.some((secret) => secret !== '' && value.includes(secret))) continue
    if (name === '__proto__') Object.defineProperty(kept, name, { value, enumerable: true })
    else kept[name] = value
  }
  return kept
}

/** What a sender that an action of ours called acts upon, from such args, so that no rule runs in a ring. */
export const causeIn = (args: unknown): string | undefined => {
  const cause = ['_webhook', 'headers', causeHeader].reduce(
    (at: unknown, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? Reflect.get(at, key) : undefined,
    args,
  )
  const decoded = typeof cause === 'string' ? decodeCause(cause) : undefined
  return isName(decoded, limits.causeBytes) ? decoded : undefined
}
