// A session as the orchestrator's later web client reads it over HTTP: bare, with two more names of fields that it has.

import type { Session } from '../../../protocol/sessions.ts'
import { sessionOf, type Shown } from './session.ts'

export const httpSessionOf = (session: Shown) => {
  const shown = sessionOf(session)
  return { ...shown, sessionId: session.id, sessionType: shown.type, createdAt: shown.startedAt }
}

/** Whether it was ordered in the orchestrator's words. */
export const isOrdered = ({ labels }: Session): boolean => labels?.['orchestratorId'] !== undefined
