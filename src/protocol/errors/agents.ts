// What goes wrong with keys and tokens, as rows of the one table of errors.

export const agentErrors = {
  unknown_key: {
    status: 404,
    exit: 1,
    message: 'There is no such key',
    hint: '`paid keys list` lists them.',
  },
  bad_key: {
    status: 401,
    exit: 1,
    message: 'The key is not valid',
    hint: '`paid keys revoke NAME`, then `paid keys add NAME` makes a new one.',
  },
  key_disabled: {
    status: 403,
    exit: 1,
    message: 'The key was revoked, or its time is over',
    hint: '`paid keys list` says which; `paid keys add NAME` makes a new one.',
  },
  bad_token: {
    status: 401,
    exit: 1,
    message: 'The token is not valid',
    hint: 'Log in again with the key.',
  },
  wrong_token: {
    status: 401,
    exit: 1,
    message: 'This token is of another kind',
    hint: 'Renew with the token that renews, come in with the access token.',
  },
  token_expired: {
    status: 401,
    exit: 1,
    message: 'The token has expired',
    hint: 'Log in again with the key.',
  },
  token_revoked: {
    status: 401,
    exit: 1,
    message: 'The token was taken back',
    hint: 'Log in again with the key.',
  },
  insufficient_scope: {
    status: 403,
    exit: 1,
    message: 'This key may not do that',
    hint: 'Make one with the scope: paid keys add NAME --scope events:read',
  },
  unknown_agent_session: {
    status: 404,
    exit: 1,
    message: 'The agent has no such session',
    hint: 'GET /api/daemon/sessions lists them.',
  },
} as const
