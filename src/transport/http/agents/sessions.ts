// The sessions that an agent says it has; its logins are among them.

import { PaidError } from '../../../protocol/error.ts'
import { sessionAnswer } from '../../dialects/orchestrator/agent-answers.ts'
import { bodies } from '../../dialects/orchestrator/agent-bodies.ts'
import type { Renamed } from '../../dialects/orchestrator/agent-refusals.ts'
import { type Ground, type Methods, read, type Route, said } from './route.ts'

const withSession = (what: string): Renamed => ({
  forbidden: [`Cannot ${what} session for different Orchestrator`, 'FORBIDDEN'],
})

export const sessionRoutes = ({ dispatch, peer }: Ground): Record<string, Methods> => {
  const listSessions: Route = {
    shape: 'nested',
    answer: async ({ token }) => {
      const { sessions } = await dispatch(peer, 'agent.sessions', { token })
      return said({ sessions: sessions.map(sessionAnswer), total: sessions.length })
    },
  }

  const openSession: Route = {
    shape: 'nested',
    renamed: withSession('create'),
    answer: async (asked) => {
      const { token } = asked
      await dispatch(peer, 'agent.get', { token })
      const given = await read(bodies.openSession, asked)
      const { orchestratorId: agent, type, metadata, timeoutSeconds } = given
      const { session } = await dispatch(peer, 'agent.open', {
        token,
        agent,
        type,
        ...(metadata && { metadata }),
        ...(timeoutSeconds !== undefined && { lasts: timeoutSeconds * 1000 }),
      })
      const message = 'Session created successfully'
      return said({ success: true, session: sessionAnswer(session), message }, 201)
    },
  }

  const changeSession: Route = {
    shape: 'nested',
    renamed: withSession('update'),
    answer: async (asked) => {
      const { token } = asked
      await dispatch(peer, 'agent.get', { token })
      const given = await read(bodies.changeSession, asked)
      const { sessionId, status, metadata, extendTTL: extend = false, lastActivityAt } = given
      const { session } = await dispatch(peer, 'agent.change', {
        token,
        session: sessionId,
        extend,
        ...(status && { status }),
        ...(metadata && { metadata }),
        ...(lastActivityAt !== undefined && { activeAt: Date.parse(lastActivityAt) }),
      })
      return said({
        success: true,
        session: sessionAnswer(session),
        message: 'Session updated successfully',
      })
    },
  }

  const closeSession: Route = {
    shape: 'nested',
    renamed: withSession('delete'),
    answer: async ({ token, query }) => {
      await dispatch(peer, 'agent.get', { token })
      const session = query.get('sessionId') ?? ''
      if (session === '') throw new PaidError('bad_request', 'Session ID is required')
      await dispatch(peer, 'agent.close', { token, session })
      return said({ success: true, message: 'Session terminated successfully' })
    },
  }

  return {
    '/sessions': { GET: listSessions, POST: openSession, PATCH: changeSession, DELETE: closeSession },
  }
}
