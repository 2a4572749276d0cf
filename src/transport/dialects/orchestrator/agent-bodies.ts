// What an orchestrator's daemon posts to /api/daemon, and what it is told of a body that is not so: the fields, each
// with its complaints, in the words of the backend that was first.

import { z } from 'zod'

const required = (what: string) => z.string().min(1, `${what} is required`)

const register = z.object({
  orchestratorId: required('Orchestrator ID'),
  organizationId: required('Organization ID'),
  daemonInfo: z.object({
    instanceId: required('Instance ID'),
    version: required('Version'),
    host: required('Host'),
    port: z.int().min(1).max(65535),
    protocol: z.enum(['http', 'https', 'ws', 'wss']),
    startedAt: z.iso.datetime(),
    capabilities: z.array(z.string()).optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
  }),
  apiKey: required('API key'),
})

const openSession = z.object({
  orchestratorId: required('Orchestrator ID'),
  type: z.enum(['daemon', 'user', 'system']),
  metadata: z
    .looseObject({
      userAgent: z.string().optional(),
      ipAddress: z.string().optional(),
      location: z.string().optional(),
      deviceType: z.string().optional(),
    })
    .optional(),
  timeoutSeconds: z.int().positive().optional(),
})

const changeSession = z.object({
  sessionId: required('Session ID'),
  status: z.enum(['active', 'idle', 'expired', 'terminated']).optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
  extendTTL: z.boolean().optional(),
  lastActivityAt: z.iso.datetime().optional(),
})

const number = z.number().optional()
const heartbeat = z.object({
  sessionId: z.string().optional(),
  status: z.enum(['active', 'idle', 'busy']).default('active'),
  metrics: z
    .object({
      memoryUsageMB: number,
      cpuUsagePercent: number,
      activeConnections: number,
      messagesProcessed: number,
      errorsCount: number,
      uptimeSeconds: number,
      lastTaskCompletedAt: z.string().optional(),
      queueDepth: number,
    })
    .optional(),
})

export const bodies = {
  register,
  openSession,
  changeSession,
  heartbeat,
  acknowledge: z.object({ eventIds: z.array(z.string()).min(1) }),
  login: z.object({
    apiKey: z.string().min(1),
    apiSecret: z.string().min(1),
    scopes: z.array(z.string()).default([]),
  }),
  refresh: z.object({ refreshToken: z.string().min(1) }),
  status: z.object({ status: z.enum(['active', 'paused', 'error']), message: z.string().optional() }),
}

/** A complaint as the first backend words it; undefined where it has words of its own. */
export const complaintOf = (issue: z.core.$ZodRawIssue): string | undefined => {
  if (issue.code === 'invalid_type')
    return issue.input === undefined
      ? 'Required'
      : `Expected ${issue.expected === 'int' ? 'integer' : issue.expected}, received ${kindOf(issue.input)}`
  if (issue.code === 'invalid_value') {
    if (issue.input === undefined) return 'Required'
    const options = issue.values.map((value) => `'${String(value)}'`).join(' | ')
    return `Invalid enum value. Expected ${options}, received ${shownInput(issue.input)}`
  }
  if (issue.code === 'invalid_format' && issue.format === 'datetime') return 'Invalid datetime'
  if (issue.code === 'too_small' && issue.origin !== 'string')
    return `Number must be greater than ${issue.inclusive ? 'or equal to ' : ''}${issue.minimum}`
  if (issue.code === 'too_big' && issue.origin !== 'string')
    return `Number must be less than or equal to ${issue.maximum}`
  return undefined
}

const shownInput = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : kindOf(value))

const kindOf = (value: unknown): string => {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

/** Each field at the top, with what is wrong in it. */
export const fieldErrors = (error: z.ZodError): Record<string, string[]> => {
  const fields = new Map<string, string[]>()
  for (const { path, message } of error.issues) {
    const [top] = path
    if (top !== undefined) fields.set(String(top), [...(fields.get(String(top)) ?? []), message])
  }
  return Object.fromEntries(fields)
}
