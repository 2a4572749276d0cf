// Deliveries as GitHub signs them, each with an id of its own, against our own POST /events: a signature over the body, a
// once-only id, and three rows in place of one.

import { inTurns, series } from '../rounds.ts'
import { loadRow, type Row } from '../report.ts'
import { portOf, postRequest } from '../requests.ts'
import type { Suite } from '../stage.ts'

const secret = 'it is only a bench'
const bodyBytes = 1024
const connections = 32
/** an id has so many digits, which the load counts on */
const digits = 12

export const payload = (): string => {
  const push = {
    ref: 'refs/heads/main',
    repository: { full_name: 'someone/thing' },
    commits: [{ message: '' }],
  }
  const [commit] = push.commits
  if (commit) commit.message = 'x'.repeat(bodyBytes - JSON.stringify(push).length)
  return JSON.stringify(push)
}

/** What GitHub sends; the digits of its id are counted up by who sends it. */
export const deliveryRequest = (port: number, path: string): { request: string; countAt: number } => {
  const body = payload()
  const signature = new Bun.CryptoHasher('sha256', secret).update(body).digest('hex')
  const head = [
    `POST ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'User-Agent: GitHub-Hookshot/044aadd',
    'Accept: */*',
    'Content-Type: application/json',
    'X-GitHub-Event: push',
    'X-GitHub-Hook-ID: 292430182',
    `X-Hub-Signature-256: sha256=${signature}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-`,
  ].join('\r\n')
  return { request: `${head}${'0'.repeat(digits)}\r\n\r\n${body}`, countAt: head.length }
}

export const webhook: Suite = async (stage) => {
  const rounds = stage.quick ? 3 : 5
  const times = stage.quick ? { warmMs: 300, runMs: 700 } : { warmMs: 500, runMs: 1500 }
  const ratePerMinute = 10_000_000
  await using daemon = await stage.daemon({ config: { webhooks: { ratePerMinute } } })
  const added = await daemon.run(
    ['webhooks', 'add', 'github', '--scheme', 'github', '--secret-stdin', '--publish', 'ci'],
    { stdin: secret },
  )
  if (added.code !== 0) throw new Error(added.stderr)
  const port = portOf(daemon.url)
  const event = JSON.stringify({ type: 'push', metadata: JSON.parse(payload()) })
  const events = series(() =>
    stage.load({
      server: daemon.pid,
      ...times,
      http: { port, request: postRequest(port, daemon, event), connections },
    }),
  )
  const { request, countAt } = deliveryRequest(port, '/webhook/github')
  const deliveries = series(() =>
    stage.load({
      server: daemon.pid,
      ...times,
      http: { port, request, connections, count: { at: countAt, digits } },
    }),
  )
  stage.say(`calls: ${rounds} rounds of webhook deliveries and of POST /events, ${connections} connections`)
  // a daemon runs for weeks: what it does all day is compiled by then
  const all = [events, deliveries]
  for (const { measure, results } of all) {
    await measure()
    results.length = 0
  }
  await inTurns(rounds, all)
  const rows: Row[] = [
    loadRow(`webhook, GitHub signature, 1 KB, --publish, ${connections} connections`, {
      ours: deliveries.results,
      floors: events.results,
      least: 0.7,
      notes: ['the floor is our own POST /events of the same payload'],
    }),
  ]
  return rows
}
