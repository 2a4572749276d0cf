// What the orchestrator daemon calls the reasons why a WebSocket is not opened; they stand in `error` of the answer.

export const noMoreConnections = 'connection_limit_exceeded'

/** @param shown what was shown for a token */
export const wordsFor = (shown: string | undefined): { token?: string; rate?: string } => ({
  token: shown === undefined ? 'credentials_missing' : 'api_key_invalid',
  rate: 'rate_limit_exceeded',
})
