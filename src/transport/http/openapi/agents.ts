// The routes of `/api/daemon` in the OpenAPI document: what each does and which proof it asks for.

type Schema = Record<string, unknown>

const anObject = { 'application/json': { schema: { type: 'object' } } }
const refused = { description: 'Refused, with `error` and a code', content: anObject }

const sse = { ...anObject, 'text/event-stream': { schema: { type: 'string' } } }

const session = { name: 'sessionId', in: 'query', required: true, schema: { type: 'string' } }
const since = { name: 'since', in: 'query', required: false, schema: { type: 'string' } }

type Route = readonly [method: string, path: string, id: string, summary: string, more?: Schema]

/** Those that a key proves, in their body, or that ask for nothing. */
const open: readonly Route[] = [
  ['post', '', 'registerAgent', 'Register an instance of an agent; its key is in the body'],
  ['post', '/auth', 'logInAgent', 'Get tokens for a key and its secret'],
  ['post', '/auth/refresh', 'refreshAgent', 'Get a new access token'],
  ['get', '/ws', 'describeAgentWebSocket', 'Where the WebSocket is'],
]

const own: readonly Route[] = [
  ['get', '', 'getAgent', 'Whether the agent is there'],
  ['delete', '', 'unregisterAgent', 'The agent leaves; its tokens are refused'],
  ['get', '/sessions', 'listAgentSessions', "The agent's sessions"],
  ['post', '/sessions', 'openAgentSession', 'Begin a session'],
  ['patch', '/sessions', 'changeAgentSession', 'Change a session'],
  ['delete', '/sessions', 'closeAgentSession', 'End a session', { parameters: [session] }],
  ['post', '/heartbeat', 'beatAgent', 'The agent is alive'],
  ['get', '/events', 'getAgentEvents', 'What was posted for it; SSE by Accept', { parameters: [since] }],
  ['delete', '/events', 'acknowledgeAgentEvents', 'It has dealt with these events'],
  ['get', '/config', 'getAgentConfig', 'Who it is, its intervals and scopes'],
  ['put', '/status', 'reportAgent', 'What it says of itself'],
]

/** @param name of the security scheme of access tokens */
export const agentPaths = (name: string): Schema => {
  const paths: Record<string, Schema> = {}
  const add = ([method, path, operationId, summary, more]: Route, security: Schema[]): void => {
    const hasBody =
      method !== 'get' && operationId !== 'unregisterAgent' && operationId !== 'closeAgentSession'
    paths[`/api/daemon${path}`] = {
      ...paths[`/api/daemon${path}`],
      [method]: {
        operationId,
        summary,
        security,
        ...more,
        ...(hasBody && { requestBody: { required: path !== '/heartbeat', content: anObject } }),
        responses: {
          [method === 'post' && (path === '' || path === '/sessions') ? 201 : 200]: {
            description: 'Done',
            content: operationId === 'getAgentEvents' ? sse : anObject,
          },
          default: refused,
        },
      },
    }
  }
  for (const route of open) add(route, [])
  for (const route of own) add(route, [{ [name]: [] }])
  return paths
}
