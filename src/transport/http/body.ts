// A request's body: read whole, within its limit and its time, and only as JSON in plain text.

import { PaidError } from '../../protocol/error.ts'
import { limits } from '../../protocol/limits.ts'
import { parseJson } from '../dialects/json.ts'

/** The body's text. Throws `too_large`, `timeout`, `unsupported_media_type`. */
export const readBody = async (request: Request, maxBytes: number): Promise<string> => {
  const encoding = request.headers.get('content-encoding')
  if (encoding !== null && encoding !== 'identity')
    throw new PaidError(
      'unsupported_media_type',
      `A body with Content-Encoding ${JSON.stringify(encoding)} is not taken`,
    )
  const declared = request.headers.get('content-length')
  if (declared !== null && Number(declared) > maxBytes) throw tooLarge(maxBytes)
  const reading = declared === null ? readChunks(request, maxBytes) : request.text()
  // a small body has arrived with its headers: then there is nothing to wait for, and no timer to pay
  const arrived = Bun.peek(reading)
  return arrived === reading ? withinTime(reading) : arrived
}

/** The JSON value of a body. Throws `invalid_json`, and what `readBody` throws. */
export const readJson = async (request: Request, maxBytes: number): Promise<unknown> =>
  parseJson(await readBody(request, maxBytes))

const tooLarge = (maxBytes: number): PaidError =>
  new PaidError('too_large', `The body is larger than ${maxBytes} bytes`)

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

const withinTime = async (reading: Promise<string>): Promise<string> => {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new PaidError('timeout')), limits.bodyTimeoutMs)
  try {
    return await Promise.race([reading, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
