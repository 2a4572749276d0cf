// An HTTP/1.1 reply out of the bytes that have come so far (RFC 9112): by length, in chunks, or until the end.

export type Reply = { status: number; body: Uint8Array }

const mostBytes = 16 * 1024 * 1024
const endOfHead = '\r\n\r\n'

/** `incomplete`: the headers are not all here; `headers`: they are, the body is not. `closed`: no more bytes will come. */
export const parseReply = (
  bytes: Buffer,
  closed: boolean,
): Reply | 'incomplete' | 'headers' | 'malformed' => {
  if (bytes.byteLength > mostBytes) return 'malformed'
  const end = bytes.indexOf(endOfHead)
  const head = bytes.toString('latin1', 0, end === -1 ? bytes.byteLength : end)
  if (end === -1) return closed ? 'malformed' : 'incomplete'
  const status = Number(/^HTTP\/1\.[01] ([1-5]\d\d)(?: |\r|$)/.exec(head)?.[1])
  if (Number.isNaN(status)) return 'malformed'
  const rest = bytes.subarray(end + endOfHead.length)
  // an interim reply (100, 103) is followed by the real one
  if (status < 200) return parseReply(rest, closed)

  const body = bodyOf(head, rest, closed)
  if (body instanceof Uint8Array) return { status, body }
  return body === 'malformed' || closed ? 'malformed' : 'headers'
}

const bodyOf = (head: string, rest: Buffer, closed: boolean): Uint8Array | 'more' | 'malformed' => {
  if (/^transfer-encoding:[^\r]*\bchunked\b/im.test(head)) return unchunk(rest)
  const length = /^content-length:[ \t]*(\d+)[ \t]*\r?$/im.exec(head)?.[1]
  if (length === undefined) return closed ? rest : 'more'
  return rest.byteLength < Number(length) ? 'more' : rest.subarray(0, Number(length))
}

const unchunk = (bytes: Buffer): Uint8Array | 'more' | 'malformed' => {
  const parts: Uint8Array[] = []
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd === -1) return 'more'
    const size = /^[0-9a-f]{1,8}(?=[;\s]|$)/i.exec(bytes.toString('latin1', at, lineEnd))?.[0]
    if (size === undefined) return 'malformed'
    const from = lineEnd + 2
    const to = from + Number.parseInt(size, 16)
    if (to === from) return Buffer.concat(parts)
    if (bytes.byteLength < to + 2) return 'more'
    parts.push(bytes.subarray(from, to))
    at = to + 2
  }
}
