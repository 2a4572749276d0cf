// Happy's local HTTP: what its clients send to start a session, and what they read. A session's id is Claude's own.
// Source: the document of its daemon, and the answers of the one that its users ran.

import { z } from 'zod'
import { limits } from '../../protocol/limits.ts'
import { liveStatuses, type Session } from '../../protocol/sessions.ts'

const text = z.string().max(limits.sessionLabelBytes)

/** The body of `POST /spawn-session`, and with more of it of `POST /sessions`. */
export const spawnBody = z.object({
  directory: z.string().max(limits.pathBytes),
  /** of a session to go on with */
  sessionId: text.optional(),
  approvedNewDirectoryCreation: z.boolean().optional(),
  agent: text.optional(),
  permissionMode: text.optional(),
  modelMode: text.optional(),
  environmentVariables: z.record(z.string(), z.string()).optional(),
  /** what ours takes besides */
  prompt: z.string().min(1).optional(),
  title: text.optional(),
  model: text.optional(),
})
export type SpawnBody = z.infer<typeof spawnBody>

export const stopBody = z.object({ sessionId: z.string().max(limits.sessionIdBytes) })

/** What a session that somebody else started says of itself; its keys are nobody's business here. */
export const startedBody = z.object({
  sessionId: z.string().min(1).max(limits.sessionIdBytes),
  metadata: z.looseObject({
    hostPid: z.int().positive().optional().catch(undefined),
    path: z.string().max(limits.pathBytes).optional().catch(undefined),
  }),
})

const isLive = ({ status }: Session): boolean => liveStatuses.some((live) => live === status)

/** Those that run: a managed one has its process, of a heard one it is known. */
export const isTracked = (session: Session): boolean => isLive(session) && session.pid !== undefined

const starterOf = ({ kind }: Session): string =>
  kind === 'managed' ? 'daemon' : 'happy directly - likely by user from terminal'

/** As `/sessions` shows it. */
export const trackedOf = (session: Session) => ({
  id: session.id,
  sessionId: session.id,
  happySessionId: session.id,
  pid: session.pid ?? null,
  status: session.status ?? 'unknown',
  directory: session.directory ?? session.folder ?? null,
  startedBy: starterOf(session),
  ...(session.startedAt !== undefined && { startedAt: session.startedAt }),
  ...(session.endedAt !== undefined && { endedAt: session.endedAt }),
  ...(session.title !== undefined && { title: session.title }),
  ...(session.error !== undefined && { error: session.error }),
})

/** As `/list` shows it. */
export const childOf = (session: Session) => ({
  startedBy: starterOf(session),
  happySessionId: session.id,
  pid: session.pid,
})

/** What is asked for when the folder is not there and nobody said that it may be made. */
export const approvalOf = (directory: string) => ({
  success: false,
  requiresUserApproval: true,
  actionRequired: 'CREATE_DIRECTORY',
  directory,
})

/** The pid in `PID-123`, by which its clients name what has not reported yet. */
export const pidIn = (sessionId: string): number | undefined => {
  const digits = /^PID-(\d{1,10})$/.exec(sessionId)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** A body that is not what the route takes, in the words of the framework that Happy's daemon is built on. */
export const refusalOf = (code: string, message: string): string =>
  JSON.stringify({ statusCode: 400, code, error: 'Bad Request', message })

export const emptyBody = refusalOf(
  'FST_ERR_CTP_EMPTY_JSON_BODY',
  "Body cannot be empty when content-type is set to 'application/json'",
)
export const invalidBody = refusalOf(
  'FST_ERR_CTP_INVALID_JSON_BODY',
  "Body is not valid JSON but content-type is set to 'application/json'",
)

/** Each fault with its place, as `body/directory …`. */
export const faultOf = ({ issues }: z.ZodError): string =>
  refusalOf(
    'FST_ERR_VALIDATION',
    issues.map(({ path, message }) => `${['body', ...path.map(String)].join('/')} ${message}`).join(', '),
  )
