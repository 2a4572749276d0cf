// A daemon's webhooks as a test sends to them: added by their name, sent to with what a sender has.

import { z } from 'zod'
import type { TestDaemon } from './daemon.ts'

export const secret = 'only the sender and we know'

/** `paid webhooks add NAME …words`, the secret on stdin; with the scheme `header` when none is said. */
export const addWebhook = async (daemon: TestDaemon, name: string, ...words: string[]): Promise<void> => {
  const scheme = words.includes('--scheme') ? [] : ['--scheme', 'header']
  const hidden = words.includes('none') ? [] : ['--secret-stdin']
  const ran = await daemon.run(['webhooks', 'add', name, ...scheme, ...hidden, ...words], { stdin: secret })
  if (ran.code !== 0) throw new Error(ran.stderr)
}

/** Calls a method with the command line; gives its result. */
export const call = async (daemon: TestDaemon, method: string, params: object): Promise<unknown> => {
  const ran = await daemon.run(['call', method, '-'], { stdin: JSON.stringify(params) })
  if (ran.code !== 0) throw new Error(ran.stderr)
  return JSON.parse(ran.stdout)
}

export type Sent = { status: number; headers: Headers; body: unknown; text: string }

/** Posts to a path as a sender that knows the secret; other headers may say otherwise. */
export const send = async (
  address: string,
  path: string,
  body: string | Uint8Array<ArrayBuffer> = '{"ref":"x"}',
  headers: Record<string, string> = {},
  method = 'POST',
): Promise<Sent> => {
  const answer = await fetch(`${address}${path}`, {
    method,
    headers: { 'x-webhook-secret': secret, ...headers },
    ...(method === 'GET' || method === 'HEAD' || method === 'OPTIONS' ? {} : { body }),
  })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, text, body: text === '' ? '' : JSON.parse(text) }
}

const rows = z.array(
  z.object({
    delivery: z.string(),
    event: z.string(),
    state: z.string(),
    status: z.int().optional(),
    runs: z.array(z.object({ state: z.string(), by: z.string(), error: z.string().optional() })),
  }),
)

/** What `paid webhooks deliveries NAME --json` says. */
export const deliveriesOf = async (daemon: TestDaemon, name: string): Promise<z.infer<typeof rows>> => {
  const ran = await daemon.run(['webhooks', 'deliveries', name, '--json'])
  if (ran.code !== 0) throw new Error(ran.stderr)
  return rows.parse(JSON.parse(ran.stdout))
}
