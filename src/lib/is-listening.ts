// Whether anybody accepts connections on a Unix socket: a file may be left of one that is gone.

export const isListening = async (path: string): Promise<boolean> => {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data() {} } })
    socket.end()
    return true
  } catch {
    return false
  }
}
