// Pages of other origins that the daemon's owner let in with `hosts`. A browser gives them an answer only when that
// names their origin, and asks before it sends what they say. Promises: no other origin is ever named, and no path but
// these answers to a page: what the orchestrator's later web client asks for over HTTP.

/** The origin of the page that asks, if it was let in. */
export type Pages = (request: Request) => string | undefined

const paths = /^\/(?:health|status|sessions(?:\/[^/]+(?:\/tasks)?)?)$/

export const isForPages = (path: string): boolean => paths.test(path)

/** @param hosts `name` or `name:port`; https too, because a proxy may speak it for such a name */
export const createPages = ({ port, hosts }: { port: number; hosts: readonly string[] }): Pages => {
  const names = hosts.map((name) => name.toLowerCase()).flatMap((name) => [name, `${name}:${port}`])
  const origins = new Set(names.flatMap((name) => [`http://${name}`, `https://${name}`]))
  return ({ headers }) => {
    const origin = headers.get('origin')
    return origin !== null && origins.has(origin) ? origin : undefined
  }
}

/** Whether a browser asks what a page may send. */
export const isPreflight = ({ method, headers }: Request): boolean =>
  method === 'OPTIONS' && headers.has('access-control-request-method')

export const preflightAnswer = (page: string): Response =>
  new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-origin': page,
      'access-control-allow-methods': 'GET, POST, DELETE',
      'access-control-allow-headers': 'authorization, content-type',
      'access-control-max-age': '600',
      vary: 'origin',
    },
  })

/** The answer as the page may read it. */
export const readableBy = (page: string, answer: Response): Response => {
  answer.headers.set('access-control-allow-origin', page)
  answer.headers.append('vary', 'origin')
  return answer
}
