// Load of lines on a Unix socket: one connection, so many calls under way, the same bytes every time. Whatever answers
// came in one piece are followed by as many calls in one write. An answer that is no result fails the run.

const newline = 0x0a
/** every call has this id, so the answer's kind stands at a known place */
const resultAt = '{"id":1,"'.length
const r = 0x72

/** @param line a call with id 1, without its newline */
export const startLineLoad = async (
  { socket: path, line, inFlight }: { socket: string; line: string; inFlight: number },
  failed: (error: unknown) => void,
) => {
  const calls = Buffer.from(`${line}\n`.repeat(inFlight))
  const callBytes = calls.length / inFlight
  const load = { counted: 0 }
  let unsent = 0
  /** how far into a line the last piece ended */
  let into = 0
  const send = (socket: { write: (bytes: Uint8Array) => number }) => {
    while (unsent > 0) {
      // a call cut by a full socket goes on where it was cut
      const start = calls.length - unsent
      const taken = socket.write(start >= 0 ? calls.subarray(start) : calls)
      if (taken <= 0) return
      unsent -= taken
    }
  }
  const socket = await Bun.connect({
    unix: path,
    socket: {
      data(socket, chunk) {
        let answers = 0
        for (let start = 0; start < chunk.length;) {
          const kind = start + resultAt - into
          if (kind >= start && kind < chunk.length && chunk[kind] !== r)
            return failed(new Error(`Not a result: ${chunk.toString('utf8', start, start + 300)}`))
          const end = chunk.indexOf(newline, start)
          if (end < 0) {
            into += chunk.length - start
            break
          }
          answers++
          into = 0
          start = end + 1
        }
        load.counted += answers
        unsent += answers * callBytes
        send(socket)
      },
      drain: send,
      close: () => failed(new Error('The server closed the connection')),
      error: (_socket, error) => failed(error),
    },
  })
  unsent = calls.length
  send(socket)
  return load
}
