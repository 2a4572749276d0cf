// A request's body: read whole, within its limit and its time, and only as JSON in plain text.

import { PaidError } from '../../protocol/error.ts'
import { limits } from '../../protocol/limits.ts'
import { createDeadlines } from '../../lib/deadlines.ts'

const late = createDeadlines(limits.bodyTimeoutMs, () => new PaidError('timeout'))

/** The body's text. Throws or rejects with `too_large`, `timeout`, `unsupported_media_type`. */
export const readBody = (request: Request, maxBytes: number): Promise<string> =>
  isDeclared(request, maxBytes)
    ? late.within(request.text())
    : late.within(readChunks(request, maxBytes).then((bytes) => bytes.toString('utf8')))

/** The body as it came. Throws or rejects as `readBody` does. */
export const readBytes = (request: Request, maxBytes: number): Promise<Uint8Array> =>
  isDeclared(request, maxBytes) ? late.within(request.bytes()) : late.within(readChunks(request, maxBytes))

/** Whether the body's length was said. Throws for one that is not taken. */
const isDeclared = (request: Request, maxBytes: number): boolean => {
  const encoding = request.headers.get('content-encoding')
  if (encoding !== null && encoding !== 'identity')
    throw new PaidError(
      'unsupported_media_type',
      `A body with Content-Encoding ${JSON.stringify(encoding)} is not taken`,
    )
  const declared = request.headers.get('content-length')
  if (declared === null) return false
  if (Number(declared) > maxBytes) throw tooLarge(maxBytes)
  return true
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
const readChunks = async (request: Request, maxBytes: number): Promise<Buffer> => {
  if (!request.body) return Buffer.alloc(0)
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
