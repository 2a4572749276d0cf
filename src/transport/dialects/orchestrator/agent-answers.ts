// What /api/daemon answers, in the words that an orchestrator's daemon reads: dates as ISO 8601, an agent's name as the
// orchestrator's id.

import type { Agent, AgentSession } from '../../../protocol/agents.ts'
import { limits } from '../../../protocol/limits.ts'
import { isFields } from '../../../lib/fields.ts'

const iso = (at: number): string => new Date(at).toISOString()

/** Where no organization was ever said. */
const ownOrganization = 'local'

export const sessionAnswer = (session: AgentSession) => ({
  id: session.id,
  orchestratorId: session.agent,
  type: session.type,
  status: session.status,
  createdAt: iso(session.createdAt),
  lastActivityAt: iso(session.activeAt),
  expiresAt: iso(session.expiresAt),
  metadata: session.metadata,
  lastHeartbeat: session.heardAt === undefined ? undefined : iso(session.heardAt),
  lastStatus: session.activity,
})

export const daemonAnswer = (agent: Agent, login: AgentSession) => ({
  orchestratorId: agent.name,
  daemonId: login.id,
  status: agent.online ? 'online' : 'offline',
  ...(agent.heardAt !== undefined && { lastHeartbeat: iso(agent.heardAt), metrics: agent.metrics ?? {} }),
  session: {
    id: login.id,
    createdAt: iso(login.createdAt),
    lastActivityAt: iso(login.heardAt ?? login.createdAt),
  },
})

const organizationOf = ({ organization = ownOrganization }: Agent) => ({
  id: organization,
  name: organization,
  slug: organization,
})

/** As a login is told of its orchestrator. */
export const orchestratorAnswer = (agent: Agent) => ({
  id: agent.name,
  discipline: null,
  role: null,
  status: agent.presence.toUpperCase(),
  user: { id: agent.name, name: agent.name, email: null, status: 'ACTIVE' },
  organization: organizationOf(agent),
})

export const configAnswer = (agent: Agent, scopes: readonly string[]) => {
  const { instance } = agent
  return {
    orchestrator: {
      id: agent.name,
      discipline: null,
      role: null,
      status: agent.presence.toUpperCase(),
      daemonEndpoint: instance ? `${instance.protocol}://${instance.host}:${instance.port}` : null,
      createdAt: iso(agent.addedAt),
      updatedAt: iso(agent.changedAt),
    },
    user: {
      id: agent.name,
      name: agent.name,
      displayName: agent.name,
      email: null,
      avatarUrl: null,
      bio: null,
      status: 'ACTIVE',
    },
    organization: organizationOf(agent),
    capabilities:
      agent.reportedAt === undefined
        ? {}
        : {
            operationalStatus: agent.state,
            operationalMessage: agent.message ?? null,
            lastStatusUpdate: iso(agent.reportedAt),
          },
    charter: null,
    operationalConfig: {
      heartbeatIntervalMs: limits.agentBeatMs,
      reconnectDelayMs: 5000,
      maxReconnectAttempts: 10,
      messageRateLimitPerMinute: 60,
      idleTimeoutMs: 300_000,
    },
    scopes,
    endpoints: Object.fromEntries(
      ['messages', 'channels', 'presence', 'status', 'events', 'heartbeat'].map((name) => [
        name,
        `/api/daemon/${name}`,
      ]),
    ),
  }
}

/** Of a stored event, or of one that only passes by. */
type Told = { id?: string | undefined; type: string; data: unknown; at: number }

export const eventAnswer = ({ id, type, data, at }: Told) => {
  const payload = isFields(data) ? data : { value: data }
  const message = isFields(payload['message']) ? payload['message'] : {}
  const channel = isFields(message['channel']) ? message['channel'] : {}
  return { id, type, payload, createdAt: iso(at), channelId: channel['id'], messageId: message['id'] }
}

export const webSocketAnswer = (host: string) => ({
  message: 'Orchestrator Daemon WebSocket endpoint',
  protocol: 'WebSocket',
  version: '1.0.0',
  documentation: `http://${host}/methods`,
  connection: {
    upgrade: 'Connect with a WebSocket client',
    url: `ws://${host}/api/daemon/ws (wss:// behind a proxy with TLS)`,
    authentication:
      "The access token of a key with the scope sessions:run, or the daemon's own: as Authorization: Bearer or ?token= " +
      'at the upgrade, or where the listener has auth=frame as the first frame, {"type":"auth","token":"…"}',
  },
  endpoints: {
    http: {
      auth: '/api/daemon/auth',
      refresh: '/api/daemon/auth/refresh',
      heartbeat: '/api/daemon/heartbeat',
      events: '/api/daemon/events',
    },
    websocket: { path: '/api/daemon/ws', protocol: 'JSON text frames, each with a type' },
  },
})
