// An agent logs in with its key, and renews its access.

import { orchestratorAnswer } from '../../dialects/orchestrator/agent-answers.ts'
import { bodies } from '../../dialects/orchestrator/agent-bodies.ts'
import { type Ground, type Methods, read, type Route, said } from './route.ts'

export const loginRoutes = ({ dispatch, peer }: Ground): Record<string, Methods> => {
  const login: Route = {
    shape: 'flat',
    renamed: { bad_key: ['Invalid credentials', 'INVALID_CREDENTIALS'] },
    answer: async (asked) => {
      const { apiKey, apiSecret, scopes } = await read(bodies.login, asked, 'API key and secret required')
      const call = { key: apiKey, secret: apiSecret, scopes }
      const { access, accessExpiresAt, refresh, session, agent } = await dispatch(peer, 'agent.login', call)
      return said({
        accessToken: access,
        refreshToken: refresh,
        expiresAt: new Date(accessExpiresAt).toISOString(),
        sessionId: session,
        orchestrator: orchestratorAnswer(agent),
      })
    },
  }

  const refresh: Route = {
    shape: 'flat',
    renamed: {
      bad_token: ['Invalid or revoked token', 'INVALID_TOKEN'],
      wrong_token: ['Invalid token type', 'INVALID_TOKEN'],
      token_expired: ['Token expired', 'TOKEN_EXPIRED'],
      token_revoked: ['Token has been revoked', 'TOKEN_REVOKED'],
    },
    answer: async (asked) => {
      const { refreshToken: token } = await read(bodies.refresh, asked, 'Refresh token required')
      const { access, accessExpiresAt } = await dispatch(peer, 'agent.refresh', { token })
      return said({ accessToken: access, expiresAt: new Date(accessExpiresAt).toISOString() })
    },
  }

  return { '/auth': { POST: login }, '/auth/refresh': { POST: refresh } }
}
