// How an HTTP answer looks: JSON, and for an error the status of its code and
// `{"ok":false,"error":…,"code":…,"hint":…}`.

import type { PaidError } from '../../protocol/error.ts'

const json = {
  'content-type': 'application/json',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
}

/** Text that is JSON already. */
export const jsonText = (text: string, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(text, { status, headers: { ...json, ...headers } })

const ok = { headers: new Headers({ 'content-type': 'application/json' }) }

/** The short answer to a post: the most frequent one, so it carries no more than it must. */
export const jsonOk = (text: string): Response => new Response(text, ok)

export const errorAnswer = (error: PaidError, headers: Record<string, string> = {}): Response => {
  // what the first event bus answered to what is no JSON, to the byte
  if (error.code === 'invalid_json') return jsonText('{"ok":false,"error":"Invalid JSON"}', 400, headers)
  const { code, message, hint } = error
  return jsonText(JSON.stringify({ ok: false, error: message, code, hint }), error.status, headers)
}
