// A stand-in for n8n, which is too large to be run here: a workflow that begins with a Webhook node, and an HTTP Request
// node. It answers and asks word for word as those do (n8n 1.x): the path under /webhook/, 404 while the workflow is not
// active, 403 in plain text for a wrong header, "Workflow was started" for what it took, and axios' own headers.

import type { Server } from 'bun'

/** An item of the Webhook node: what a workflow has of a request. */
export type Item = { headers: Record<string, string>; query: Record<string, string>; body: unknown }

export type N8n = AsyncDisposable & {
  /** the production URL of its Webhook node */
  readonly url: string
  /** what its workflow was started with, in order */
  readonly items: Item[]
  /** what of `body.id` came, in order, and again what came again */
  readonly ids: () => string[]
  /** Waits until this is true of what came. */
  readonly until: (enough: (items: readonly Item[]) => boolean) => Promise<void>
  /** The next so many requests are answered as by a workflow that cannot be run. */
  readonly failNext: (count: number) => void
  readonly asked: () => number
  /** Its process ends; whoever calls is refused. */
  readonly stop: () => Promise<void>
  /** It runs again, at the same address. */
  readonly start: () => void
  /** Waits until the workflow is through with all that came. */
  readonly executed: () => Promise<unknown>
  /** What the workflow does with an item, after it was answered. */
  workflow: (item: Item) => Promise<void>
}

export const openN8n = ({ path, header, secret }: { path: string; header: string; secret: string }): N8n => {
  const items: Item[] = []
  let waiting: (() => void)[] = []
  const executions: Promise<void>[] = []
  let failing = 0
  let asked = 0
  let port = 0
  let server: Server<undefined> | undefined

  const answer = async (request: Request): Promise<Response> => {
    asked++
    const { pathname, searchParams } = new URL(request.url)
    if (pathname !== `/webhook/${path}` || request.method !== 'POST')
      return Response.json(
        { code: 404, message: `The requested webhook "${request.method} ${path}" is not registered.` },
        { status: 404 },
      )
    if (request.headers.get(header) !== secret)
      return new Response('Authorization data is wrong!', {
        status: 403,
        headers: { 'www-authenticate': 'Basic realm="Webhook"' },
      })
    if (failing > 0) {
      failing--
      return Response.json(
        { code: 0, message: 'There was a problem executing the workflow' },
        { status: 500 },
      )
    }
    const item: Item = {
      headers: Object.fromEntries(request.headers),
      query: Object.fromEntries(searchParams),
      body: await request.json(),
    }
    items.push(item)
    executions.push(new Promise((resolve) => setImmediate(() => resolve(n8n.workflow(item)))))
    for (const look of waiting) look()
    return Response.json({ message: 'Workflow was started' })
  }

  const n8n: N8n = {
    get url() {
      return `http://127.0.0.1:${port}/webhook/${path}`
    },
    items,
    ids: () => items.map(({ body }) => String(Reflect.get(Object(body), 'id'))),
    until: (enough) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!enough(items)) return
          waiting = waiting.filter((other) => other !== look)
          resolve()
        }
        waiting.push(look)
        look()
      }),
    failNext: (count) => void (failing = count),
    asked: () => asked,
    stop: async () => {
      await server?.stop(true)
      server = undefined
    },
    start: () => {
      server = Bun.serve({ hostname: '127.0.0.1', port, development: false, fetch: answer })
      port = server.port ?? 0
    },
    executed: () => Promise.all(executions),
    workflow: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => n8n.stop(),
  }
  n8n.start()
  return n8n
}

/** An HTTP Request node, with a JSON body and headers of its own. */
export const httpRequestNode = (
  url: string,
  { headers = {}, body }: { headers?: Record<string, string>; body: unknown },
): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: {
      accept:
        'application/json,text/html,application/xhtml+xml,application/xml,text/*;q=0.9, image/*;q=0.8, */*;q=0.7',
      'user-agent': 'axios/1.12.0',
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify(body),
  })
