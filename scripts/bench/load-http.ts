// HTTP/1.1 load: connections that stay open, each with one request under way, the same bytes every time. A response is
// read no further than it must be: its status (200, or the run fails), its length, its end.

const endOfHead = Buffer.from('\r\n\r\n')
const ok = [0x32, 0x30, 0x30]
const statusAt = 'HTTP/1.1 '.length

/** Reads the responses of one connection; `push` gives how many became whole. Throws for any status but 200. */
export const createResponses = () => {
  let kept: Buffer | undefined
  let left = 0
  /** where the last head had its length: it mostly is where the next has it */
  let lengthAt = 0

  const lengthOf = (bytes: Buffer, start: number, end: number): number => {
    const known = start + lengthAt
    if (
      lengthAt === 0 ||
      bytes[known - 2] !== 0x3a ||
      bytes[known - 3] !== 0x68 ||
      bytes[known - 9] !== 0x74
    ) {
      const found = /\r\ncontent-length: \d/i.exec(bytes.toString('latin1', start, end))
      if (!found) throw new Error(`A response without a length: ${bytes.toString('latin1', start, end)}`)
      lengthAt = found.index + found[0].length - 1
    }
    let length = 0
    for (let at = start + lengthAt; bytes[at] !== 0x0d; at++) length = length * 10 + (bytes[at] ?? 0) - 0x30
    return length
  }

  const push = (chunk: Buffer): number => {
    let whole = 0
    let at = 0
    let bytes = chunk
    if (left > 0) {
      at = Math.min(left, bytes.length)
      left -= at
      if (left > 0) return 0
      whole++
    } else if (kept) {
      bytes = Buffer.concat([kept, chunk])
      kept = undefined
    }
    while (at < bytes.length) {
      const end = bytes.indexOf(endOfHead, at)
      if (end < 0) {
        kept = Buffer.from(bytes.subarray(at))
        return whole
      }
      if (ok.some((digit, n) => bytes[at + statusAt + n] !== digit))
        throw new Error(`Not a 200: ${bytes.toString('utf8', at, at + 600)}`)
      const next = end + endOfHead.length + lengthOf(bytes, at, end)
      if (next > bytes.length) {
        left = next - bytes.length
        return whole
      }
      whole++
      at = next
    }
    return whole
  }
  return { push }
}

/** `count`: digits of the request that are counted up with each that is sent. */
export type HttpLoad = {
  port: number
  request: string
  connections: number
  count?: { at: number; digits: number }
}

/** Runs for ever; `counted` has how many responses came. `failed` is told what went wrong. */
export const startHttpLoad = async (
  { port, request, connections, count }: HttpLoad,
  failed: (error: unknown) => void,
) => {
  const bytes = Buffer.from(request)
  const load = { counted: 0 }
  let sent = 0
  const countUp = (): void => {
    if (!count) return
    let rest = ++sent
    for (let at = count.at + count.digits - 1; at >= count.at; at--) {
      bytes[at] = 0x30 + (rest % 10)
      rest = Math.floor(rest / 10)
    }
  }
  const open = Array.from({ length: connections }, async () => {
    const { push } = createResponses()
    const socket = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        data(socket, chunk) {
          try {
            const whole = push(chunk)
            if (whole === 0) return
            load.counted += whole
            countUp()
            if (socket.write(bytes) !== bytes.length) throw new Error('A request did not fit its socket')
          } catch (error) {
            failed(error)
          }
        },
        close: () => failed(new Error('The server closed a connection')),
        error: (_socket, error) => failed(error),
      },
    })
    countUp()
    socket.write(bytes)
  })
  await Promise.all(open)
  return load
}
