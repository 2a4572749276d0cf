// The one table of errors: code -> what it means, HTTP status, exit code of the command line, and what to do.
// A `PaidError` crosses every door: HTTP as a status and a body, a socket as an error frame, the CLI as a line and
// an exit code. Whatever else a handler throws is `internal`; its details stay in the log.

import { agentErrors } from './errors/agents.ts'

type Row = {
  readonly status: number
  readonly exit: 1 | 2 | 3
  readonly message: string
  readonly hint: string
}

export const errors = {
  bad_request: {
    status: 400,
    exit: 2,
    message: 'The request is not valid',
    hint: 'See GET /methods for what each call takes.',
  },
  invalid_json: { status: 400, exit: 2, message: 'Invalid JSON', hint: 'Send one JSON document, UTF-8.' },
  unauthorized: {
    status: 401,
    exit: 1,
    message: 'A token is required',
    hint: 'Send the content of the token file (`paid paths`) as `Authorization: Bearer …`.',
  },
  forbidden: {
    status: 403,
    exit: 1,
    message: 'Not allowed',
    hint: 'Use the address the daemon listens on, from your own programs.',
  },
  reserved_channel: {
    status: 403,
    exit: 1,
    message: 'This channel is written by the daemon alone',
    hint: 'Post to session:<id> or to a name of your own.',
  },
  not_found: {
    status: 404,
    exit: 1,
    message: 'There is nothing here',
    hint: 'GET /methods lists the calls, the README the paths.',
  },
  unknown_method: {
    status: 404,
    exit: 2,
    message: 'No such method',
    hint: '`paid call system.methods` lists them.',
  },
  bad_schedule: {
    status: 400,
    exit: 2,
    message: 'No such schedule',
    hint: 'Five fields: minute hour day month weekday, like `30 2 * * 1-5`; or a span, or a time to come.',
  },
  unknown_job: {
    status: 404,
    exit: 1,
    message: 'There is no such job',
    hint: '`paid jobs list` names them.',
  },
  method_not_allowed: {
    status: 405,
    exit: 2,
    message: 'This path does not take that HTTP method',
    hint: 'The Allow header names the ones it takes.',
  },
  timeout: {
    status: 408,
    exit: 1,
    message: 'The request did not arrive in time',
    hint: 'Send the whole body within 30 seconds.',
  },
  lock_held: {
    status: 409,
    exit: 1,
    message: 'Somebody else holds the lock',
    hint: 'Wait for it: give `wait`, or see who has it with `paid locks`.',
  },
  lock_lost: {
    status: 409,
    exit: 1,
    message: 'The lock is not held any more',
    hint: 'Stop what it protected; take it again before going on.',
  },
  too_large: {
    status: 413,
    exit: 2,
    message: 'The request is too large',
    hint: 'The README lists the limits.',
  },
  url_too_long: {
    status: 414,
    exit: 2,
    message: 'The URL is too long',
    hint: 'Keep path and query under 8 KiB.',
  },
  unsupported_media_type: {
    status: 415,
    exit: 2,
    message: 'The body is not of a type this path takes',
    hint: 'Send `Content-Type: application/json`, not compressed.',
  },
  key_reused: {
    status: 422,
    exit: 1,
    message: 'This key was used before with another body',
    hint: 'Give every event a key of its own.',
  },
  too_many_requests: {
    status: 429,
    exit: 1,
    message: 'Too many attempts',
    hint: 'Wait as long as Retry-After says.',
  },
  too_many_subscriptions: {
    status: 429,
    exit: 1,
    message: 'This peer has as many subscriptions as one may have',
    hint: 'End one first, or subscribe by prefix*.',
  },
  no_stream: {
    status: 400,
    exit: 2,
    message: 'This door cannot carry a subscription',
    hint: 'Use paid.sock, a WebSocket, or GET /events?follow=1.',
  },
  unknown_subscription: {
    status: 404,
    exit: 1,
    message: 'No such subscription on this connection',
    hint: 'It may have ended by itself; subscribe again.',
  },
  unknown_action: {
    status: 404,
    exit: 1,
    message: 'There is no such action',
    hint: '`paid actions list` shows those there are.',
  },
  name_taken: {
    status: 409,
    exit: 1,
    message: 'The name is taken',
    hint: 'Choose another name, or remove what has it first.',
  },
  busy: {
    status: 429,
    exit: 1,
    message: 'Too much waits in line already',
    hint: 'Try again later.',
  },
  action_failed: {
    status: 502,
    exit: 1,
    message: 'The action failed',
    hint: '`paid actions show NAME` has its last runs, `paid logs` what it said on stderr.',
  },
  action_timeout: {
    status: 504,
    exit: 1,
    message: 'The action took too long and was ended',
    hint: 'Give it more time: --timeout 30m.',
  },
  not_available: {
    status: 503,
    exit: 1,
    message: 'This cannot be done yet',
    hint: 'A later version of paid can.',
  },
  unknown_session: {
    status: 404,
    exit: 1,
    message: 'There is no such session',
    hint: '`paid sessions` lists them; one that is only kept there can be read: `paid sessions show`.',
  },
  session_ended: {
    status: 409,
    exit: 1,
    message: 'The session has ended',
    hint: '`paid sessions resume ID` goes on with its conversation.',
  },
  session_running: {
    status: 409,
    exit: 1,
    message: 'The session runs already',
    hint: 'Talk to it: `paid sessions send ID TEXT`.',
  },
  too_many_sessions: {
    status: 429,
    exit: 1,
    message: 'As many sessions run as may',
    hint: 'End one with `paid sessions stop ID`, or raise `sessions.max`.',
  },
  no_claude: {
    status: 503,
    exit: 1,
    message: 'Claude Code cannot be started',
    hint: 'Install it (npm install -g @anthropic-ai/claude-code), or name its program: `claude.path` in config.json.',
  },
  unknown_webhook: {
    status: 404,
    exit: 1,
    message: 'There is no such webhook',
    hint: '`paid webhooks list` lists them.',
  },
  unknown_delivery: {
    status: 404,
    exit: 1,
    message: 'This webhook has no such delivery',
    hint: '`paid webhooks deliveries NAME` lists them.',
  },
  ...agentErrors,
  internal: {
    status: 500,
    exit: 1,
    message: 'Something went wrong inside the daemon',
    hint: '`paid logs` has the details under this call id.',
  },
  storage_full: {
    status: 503,
    exit: 1,
    message: 'The log cannot be written',
    hint: 'Free disk space; the daemon goes on by itself. Nothing that was answered is lost.',
  },
  incompatible: {
    status: 503,
    exit: 1,
    message: 'This home was written by a newer paid',
    hint: 'Use the newer binary, or another PAID_HOME.',
  },
  already_running: {
    status: 503,
    exit: 1,
    message: 'A daemon already runs on this home',
    hint: '`paid status` shows it, `paid stop` ends it.',
  },
  address_in_use: {
    status: 503,
    exit: 1,
    message: 'Another program listens where the daemon should',
    hint: 'End it, or choose another address: paid start --listen 127.0.0.1:0',
  },
  stopping: {
    status: 503,
    exit: 1,
    message: 'The daemon is starting or stopping',
    hint: 'Try again in a moment.',
  },
  not_running: {
    status: 503,
    exit: 3,
    message: 'The daemon is not running',
    hint: 'Start it with `paid start`.',
  },
} as const satisfies Record<string, Row>

export type ErrorCode = keyof typeof errors

/** An error with a code of the table. `message` says what happened, `hint` what to do; both may be shown to anyone. */
export class PaidError extends Error {
  override name = 'PaidError'
  readonly code: ErrorCode
  readonly hint: string

  constructor(code: ErrorCode, message: string = errors[code].message, hint: string = errors[code].hint) {
    super(message)
    this.code = code
    this.hint = hint
  }

  get status(): number {
    return errors[this.code].status
  }

  get exit(): number {
    return errors[this.code].exit
  }

  /** What a door may show: never a stack, a path or a cause. */
  toJSON(): { code: ErrorCode; message: string; hint: string } {
    return { code: this.code, message: this.message, hint: this.hint }
  }
}
