// Lines on a Unix socket, with nothing in between: what came in one piece is handed over line by line, and what was
// answered meanwhile leaves in one write.

type Data = { rest: string; unsent: Buffer }

/** @param answer gets one line and gives its answer's text */
export const listenForLines = (path: string, answer: (line: string) => string): void => {
  const flush = (socket: Bun.Socket<Data>) => {
    const { data } = socket
    if (data.unsent.length === 0) return
    const written = socket.write(data.unsent)
    data.unsent = data.unsent.subarray(Math.max(0, written))
  }
  Bun.listen<Data>({
    unix: path,
    socket: {
      open: (socket) => void (socket.data = { rest: '', unsent: Buffer.alloc(0) }),
      data(socket, chunk) {
        const { data } = socket
        const lines = (data.rest + chunk.toString('utf8')).split('\n')
        data.rest = lines.pop() ?? ''
        let text = ''
        for (const line of lines) text += `${answer(line)}\n`
        const bytes = Buffer.from(text)
        data.unsent = data.unsent.length > 0 ? Buffer.concat([data.unsent, bytes]) : bytes
        flush(socket)
      },
      drain: flush,
    },
    data: { rest: '', unsent: Buffer.alloc(0) },
  })
}
