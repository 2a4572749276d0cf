// Floor: the least that a compiled program can do on a command line: ask a socket one thing and print the answer.
// `hello PATH`.

export const socket = await Bun.connect({
  unix: process.argv[2] ?? '',
  socket: {
    open: (socket) => void socket.write('{"id":1,"method":"hello","params":{"text":"hello, world"}}\n'),
    data: (_socket, chunk) => {
      console.log(chunk.toString('utf8').trim())
      process.exit(0)
    },
  },
})
