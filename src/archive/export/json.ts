// A session as one JSON document: what it is, and its messages, oldest first.

import type { Format } from './format.ts'

export const json: Format = {
  head: (session) => `{"session":${JSON.stringify(session)},"messages":[`,
  message: (message, first) => `${first ? '' : ','}\n${JSON.stringify(message)}`,
  foot: '\n]}\n',
}
