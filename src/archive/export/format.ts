// What every format of an export is.

import type { ArchivedMessage, ArchivedSession } from '../../protocol/archive.ts'

/** How a format writes a document: what stands before, for each message, and behind. */
export type Format = {
  head: (session: ArchivedSession) => string
  message: (message: ArchivedMessage, first: boolean) => string
  foot: string
}
