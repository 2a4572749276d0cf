// What the suites send: the documented event, as a session's tools make it, in about 300 bytes.

import type { TestDaemon } from '../../test/support/daemon.ts'

const session = '8f14e45f-ceea-467f-a5f0-3d1c7a2b9e11'

export const eventBody = JSON.stringify({
  type: 'tool.finished',
  timestamp: '2026-01-01T12:00:00.000Z',
  metadata: {
    sessionId: session,
    tool: 'Bash',
    command: 'git status --short --branch',
    folder: '/home/someone/projects/thing',
    exitCode: 0,
    durationMs: 184,
    summary: 'two files changed, none staged',
  },
})

/** The same bytes go to a floor: whoever asks no token passes over it. */
export const postRequest = (port: number, { token }: Pick<TestDaemon, 'token'>, body = eventBody): string =>
  request('POST', '/events', port, token, body)

export const getRequest = (path: string, { url, token }: Pick<TestDaemon, 'token' | 'url'>): string =>
  request('GET', path, portOf(url), token)

export const portOf = (url: string): number => Number(new URL(url).port)

/** A native call with id 1. */
export const callLine = (method: string, params: object): string => JSON.stringify({ id: 1, method, params })

export const publishParams = {
  channel: `session:${session}`,
  type: 'tool.finished',
  data: JSON.parse(eventBody).metadata,
}

/** What `paid hook` is given by Claude Code after a tool call. */
export const hookBody = JSON.stringify({
  session_id: session,
  transcript_path: `/home/someone/.claude/projects/-home-someone-projects-thing/${session}.jsonl`,
  cwd: '/home/someone/projects/thing',
  prompt_id: '52972667-0d3c-4b2e-8a53-2f0b3c0d9a10',
  permission_mode: 'default',
  hook_event_name: 'PostToolUse',
  tool_name: 'Bash',
  tool_input: { command: 'git status --short --branch', description: 'See what changed' },
  tool_response: {
    stdout: ` M src/main.ts\n M src/paths.ts\n${'?? notes.txt\n'.repeat(20)}`,
    stderr: '',
    interrupted: false,
  },
  tool_use_id: 'toolu_01H8Zq2tq3fLk8mB4vN6wXyz',
  duration_ms: 22,
})

const request = (method: string, path: string, port: number, token: string, body = ''): string =>
  [
    `${method} ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    `Authorization: Bearer ${token}`,
    ...(body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
    '',
    body,
  ].join('\r\n')
