// An agent registers, is alive, says how it does, and leaves.

import { PaidError } from '../../../protocol/error.ts'
import { limits } from '../../../protocol/limits.ts'
import { configAnswer, daemonAnswer } from '../../dialects/orchestrator/agent-answers.ts'
import { bodies } from '../../dialects/orchestrator/agent-bodies.ts'
import { bodyOf } from '../../dialects/orchestrator/agent-refusals.ts'
import { parseJson } from '../../dialects/json.ts'
import { jsonText } from '../answer.ts'
import { type Ground, type Methods, parsed, read, type Route, said } from './route.ts'

const wrongStatus = 'Invalid status. Must be one of: active, paused, error'

export const lifeRoutes = ({ dispatch, peer }: Ground): Record<string, Methods> => {
  const register: Route = {
    shape: 'nested',
    renamed: { forbidden: ['Orchestrator does not belong to organization', 'FORBIDDEN'] },
    answer: async (asked) => {
      const { orchestratorId, organizationId, apiKey, daemonInfo } = await read(bodies.register, asked)
      const { metadata, capabilities, ...rest } = daemonInfo
      const {
        registered,
        other,
        at = 0,
      } = await dispatch(peer, 'agent.register', {
        name: orchestratorId,
        organization: organizationId,
        key: apiKey,
        instance: { ...rest, ...(capabilities && { capabilities }), ...(metadata && { metadata }) },
      }).catch((error: unknown) => {
        if (error instanceof PaidError && error.code === 'bad_key' && !apiKey.startsWith('vp_'))
          throw new PaidError('unauthorized', 'Invalid API key format')
        throw error
      })
      if (!registered) {
        const taken = 'Another daemon instance already registered for this Orchestrator'
        const details = { existingInstanceId: other }
        return jsonText(bodyOf('nested', taken, 'DAEMON_ALREADY_REGISTERED', details), 409)
      }
      const registeredAt = new Date(at).toISOString()
      const data = {
        orchestratorId,
        organizationId,
        registeredAt,
        daemonInfo: { ...daemonInfo, registeredAt },
        heartbeatInterval: limits.agentBeatMs,
        healthCheckEndpoint: `/api/daemon/health/${orchestratorId}`,
      }
      return said({ success: true, data, message: 'Daemon registered successfully' }, 201)
    },
  }

  const daemon: Route = {
    shape: 'nested',
    answer: async ({ token }) => {
      const { agent, login } = await dispatch(peer, 'agent.get', { token })
      return said({ success: true, data: daemonAnswer(agent, login) })
    },
  }

  const unregister: Route = {
    shape: 'nested',
    answer: async ({ token }) => {
      await dispatch(peer, 'agent.leave', { token })
      return said({ success: true, message: 'Daemon unregistered successfully' })
    },
  }

  const heartbeat: Route = {
    shape: 'flat',
    answer: async (asked) => {
      const { token } = asked
      await dispatch(peer, 'agent.get', { token })
      // one without a body, or with half of one, is a heartbeat too
      const text = await asked.body()
      const given = parsed(bodies.heartbeat, parsedOr(text, {}), 'Invalid heartbeat data')
      const { sessionId: session, status, metrics } = given
      const { at } = await dispatch(peer, 'agent.beat', {
        token,
        status,
        ...(session !== undefined && { session }),
        ...(metrics && { metrics: definedOf(metrics) }),
      })
      return said({
        success: true,
        serverTime: new Date(at).toISOString(),
        nextHeartbeat: new Date(at + limits.agentBeatMs).toISOString(),
        heartbeatIntervalMs: limits.agentBeatMs,
      })
    },
  }

  const report: Route = {
    shape: 'flat',
    answer: async (asked) => {
      const { token } = asked
      await dispatch(peer, 'agent.get', { token })
      const { status, message } = await read(bodies.status, asked, wrongStatus)
      await dispatch(peer, 'agent.report', { token, status, ...(message !== undefined && { message }) })
      return said({ success: true })
    },
  }

  const config: Route = {
    shape: 'flat',
    answer: async ({ token }) => {
      const { agent, scopes } = await dispatch(peer, 'agent.get', { token })
      return said(configAnswer(agent, scopes))
    },
  }

  return {
    '': { GET: daemon, POST: register, DELETE: unregister },
    '/heartbeat': { POST: heartbeat },
    '/config': { GET: config },
    '/status': { PUT: report },
  }
}

const parsedOr = (text: string, otherwise: object): unknown => {
  try {
    return parseJson(text)
  } catch {
    return otherwise
  }
}

/** What was said, without what was not. */
const definedOf = <T>(fields: Record<string, T | undefined>): Record<string, T> => {
  const found: Record<string, T> = {}
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) found[name] = value
  return found
}
