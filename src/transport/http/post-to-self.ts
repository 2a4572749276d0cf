// A request from the daemon to itself, over the owner's own socket: it takes every step that one from outside takes,
// but the wall.

/** Posts bytes to a path at the socket. Resolves with what was answered. */
export const createPostToSelf =
  (socket: string) => async (path: string, body: Uint8Array, headers: Record<string, string>) => {
    const answer = await fetch(`http://paid${path}`, { method: 'POST', unix: socket, headers, body })
    return { status: answer.status, text: await answer.text() }
  }
