// What the orchestrator's later web client reads of the same frames: each says in `payload` what it says elsewhere, and
// two are said twice, the second time in that client's words and behind the first.

import { isFields } from '../../../lib/fields.ts'

type Fields = Record<string, unknown>

const sessionWith = (session: Fields): Fields => ({
  ...session,
  sessionId: session['id'],
  sessionType: session['type'],
  createdAt: session['startedAt'],
})

/** One frame as that client gets it: one or two. */
export const forWeb = (text: string): string[] =>
  framesOf(JSON.parse(text)).map((frame) => JSON.stringify(frame))

const framesOf = (frame: Fields): Fields[] => {
  const { type, session, status, data } = frame
  if (isFields(session)) {
    const payload = sessionWith(session)
    const { sessionId } = payload
    const more = { ...frame, sessionId, payload }
    if (type !== 'session_status_update') return [more]
    return [more, { type: 'session_updated', sessionId, status: session['status'], payload }]
  }
  if (type === 'daemon_status_update')
    return [
      { ...frame, payload: status },
      { type: 'daemon_status', payload: status, data: status },
    ]
  const { sessions } = frame
  if (Array.isArray(sessions))
    return [{ ...frame, sessions: sessions.map((each) => (isFields(each) ? sessionWith(each) : each)) }]
  if (isFields(data)) return [{ ...frame, payload: data }]
  if (typeof type === 'string' && /^(stream|task)_/.test(type)) {
    const { type: _type, ...payload } = frame
    return [{ ...frame, payload }]
  }
  return [frame]
}
