// A request's body: read whole, within its limit and its time, and only as JSON in plain text.

import { PaidError } from '../../protocol/error.ts'
import { limits } from '../../protocol/limits.ts'
import { createDeadlines } from '../../lib/deadlines.ts'

const late = createDeadlines(limits.bodyTimeoutMs, () => new PaidError('timeout'))

/** The body's text. Throws or rejects with `too_large`, `timeout`, `unsupported_media_type`. */
export const readBody = (request: Request, maxBytes: number): Promise<string> => {
  const encoding = request.headers.get('content-encoding')
  if (encoding !== null && encoding !== 'identity')
    throw new PaidError(
      'unsupported_media_type',
      `A body with Content-Encoding ${JSON.stringify(encoding)} is not taken`,
    )
  const declared = request.headers.get('content-length')
  if (declared === null) return late.within(readChunks(request, maxBytes))
  if (Number(declared) > maxBytes) throw tooLarge(maxBytes)
  return late.within(request.text())
}

const tooLarge = (maxBytes: number): PaidError =>
  new PaidError('too_large', `The body is larger than ${maxBytes} bytes`)

/** What Bun throws while a body comes in, in our words; undefined for anything else. */
export const bodyError = (error: unknown): PaidError | undefined => {
  if (!(error instanceof Error)) return undefined
  if (error.name === 'AbortError') return new PaidError('bad_request', 'The body did not arrive whole')
  if (error.message.includes('maxRequestBodySize')) return new PaidError('too_large')
  return undefined
}

/** A body whose length nobody declared: counted as it comes. */
const readChunks = async (request: Request, maxBytes: number): Promise<string> => {
  if (!request.body) return ''
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
