// THE SOCKET DOOR: `paid.sock` and its like, JSON documents both ways: photon requests, native calls, capture commands.
// Promises: what is none of them is answered in the words of the door's home dialect, with its id where it has one;
// whoever may open the file is the owner, and the kernel says so too (the peer's uid); frames leave whole; a line over
// the limit costs its sender an error and nobody anything else. Refuses peers of another user at once.

import { unlinkSync } from 'node:fs'
import { limits } from '../protocol/limits.ts'
import { DocumentReader } from '../lib/json-documents.ts'
import { createFrameBytes } from '../lib/frame-bytes.ts'
import { createSweep } from '../lib/memory-sweep.ts'
import type { Dispatch } from '../core/dispatch.ts'
import type { Logger } from '../core/logger.ts'
import { createConnection, type Connection } from './connection.ts'
import { createPace, type Pace } from './pace.ts'
import { openPeerUid } from './peer-uid.ts'
import { createPhoton, type Photon } from './photon.ts'
import { createReceiver, type HomeDialect } from './receiver.ts'
import type { Refusals } from './refusals.ts'

type Data = {
  connection: Connection
  photon: Photon
  reader: DocumentReader
  pace: Pace
  rest: Buffer | undefined
}

/** Listens at `path`, which must be free. The socket has mode 0600 from its creation. */
export const openUnixDoor = ({
  path,
  namespace = '',
  home = 'photon',
  dispatch,
  logger,
  refusals,
  onLagged,
}: {
  path: string
  namespace?: string
  /** in whose words malformed and unknown documents are answered */
  home?: HomeDialect
  dispatch: Dispatch
  logger: Logger
  refusals: Refusals
  onLagged: () => void
}) => {
  const peerUid = openPeerUid()
  const owner = process.getuid?.()
  const callers = new Set<Data>()
  const sweep = createSweep()

  const mask = process.umask(0o177)
  const listener = Bun.listen<Data | undefined>({
    unix: path,
    allowHalfOpen: true,
    socket: {
      open(socket) {
        const uid = peerUid(socket)
        const foreign = uid !== undefined && uid !== owner
        if (foreign || callers.size >= limits.connections) {
          refusals.count(foreign ? 'uid' : 'connections')
          socket.terminate()
          return
        }
        const pace = createPace((paused) => {
          if (paused) socket.pause()
          else socket.resume()
        })
        const connection = createConnection({
          dispatch,
          by: `unix:${uid ?? owner ?? 'owner'}`,
          scope: 'admin',
          namespace,
          write: (frames) => write(socket, frames),
          pause: pace.hold,
          onLagged,
        })
        const photon = createPhoton(connection, dispatch)
        const reader = new DocumentReader(
          limits.lineBytes,
          createReceiver({ connection, photon, dispatch, home }),
          home !== 'capture',
        )
        socket.data = { connection, photon, reader, pace, rest: undefined }
        callers.add(socket.data)
      },
      data(socket, chunk) {
        const { data } = socket
        if (!data) return
        data.reader.push(chunk)
        // capture's clients end nothing with a newline: what cannot end otherwise is answered at once
        if (home === 'capture' && data.reader.isLoose) data.reader.end()
        sweep(chunk.length)
        data.pace.took(chunk.length, data.reader.unfinishedBytes)
      },
      drain(socket) {
        const { data } = socket
        if (!data) return
        if (data.rest) {
          const written = socket.write(data.rest)
          if (written < data.rest.length) {
            data.rest = data.rest.subarray(Math.max(0, written))
            return
          }
          data.rest = undefined
        }
        data.connection.outbox.drained()
      },
      end(socket) {
        // `printf … | nc -N`: it has said all it had to say, and still listens
        if (socket.data) socket.data.connection.finish(() => socket.end())
        else socket.end()
      },
      close(socket) {
        const { data } = socket
        if (!data) return
        data.connection.end()
        data.pace.end()
        callers.delete(data)
        socket.data = undefined
      },
      error(_socket, error) {
        logger.debug('a socket failed', { error: error.message })
      },
    },
    data: undefined,
  })
  process.umask(mask)

  return {
    path,
    get connections(): number {
      return callers.size
    },
    /** Tells those who would wait for it that the daemon stops. */
    goodbye: (): void => {
      for (const { photon } of callers) photon.goodbye()
    },
    [Symbol.asyncDispose]: async (): Promise<void> => {
      listener.stop(true)
      try {
        unlinkSync(path)
      } catch {
        // stop() has removed it
      }
    },
  }
}

type Socket = Bun.Socket<Data | undefined>

const frameBytes = createFrameBytes()

/** Joins the frames; what the kernel does not take is kept and the outbox waits for the drain. */
const write = (socket: Socket, frames: readonly string[]): number => {
  const { data } = socket
  if (!data) return frames.length
  const bytes = frameBytes.of(frames)
  const written = socket.write(bytes)
  if (written < bytes.length && written >= 0) {
    data.rest = frameBytes.keep(written)
    data.connection.outbox.block()
  }
  return frames.length
}
