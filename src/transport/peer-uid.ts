// Who is at the other end of a Unix socket, from the kernel: SO_PEERCRED on Linux, getpeereid on macOS.
// Where the platform tells nothing it is undefined, and the socket's mode and its folder's stand alone.

import { FFIType, ptr } from 'bun:ffi'
import { openC } from '../lib/c-library.ts'

/** Bun's sockets have an `fd` that its types do not know. */
const fdOf = (socket: object): number | undefined => {
  const fd: unknown = Reflect.get(socket, 'fd')
  return typeof fd === 'number' && fd >= 0 ? fd : undefined
}

export const openPeerUid = (): ((socket: object) => number | undefined) => {
  if (process.platform === 'linux') return linux()
  if (process.platform === 'darwin') return darwin()
  return () => undefined
}

/** The pid of who listens where this socket is connected to; Linux alone tells. */
export const listenerPid = (socket: object): number | undefined =>
  process.platform === 'linux' ? openCredentials()(socket)?.pid : undefined

const linux = () => {
  const credentialsOf = openCredentials()
  return (socket: object): number | undefined => credentialsOf(socket)?.uid
}

const openCredentials = () => {
  const SOL_SOCKET = 1
  const SO_PEERCRED = 17
  const { getsockopt } = openC({
    getsockopt: {
      args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.ptr],
      returns: FFIType.i32,
    },
  })
  return (socket: object): { pid: number; uid: number } | undefined => {
    const fd = fdOf(socket)
    if (fd === undefined) return undefined
    const credentials = new Int32Array(3) // pid, uid, gid
    const length = new Int32Array([credentials.byteLength])
    const failed = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ptr(credentials), ptr(length)) !== 0
    return failed ? undefined : { pid: credentials[0] ?? 0, uid: (credentials[1] ?? 0) >>> 0 }
  }
}

const darwin = () => {
  const { getpeereid } = openC({
    getpeereid: { args: [FFIType.i32, FFIType.ptr, FFIType.ptr], returns: FFIType.i32 },
  })
  return (socket: object): number | undefined => {
    const fd = fdOf(socket)
    if (fd === undefined) return undefined
    const uid = new Uint32Array(1)
    const gid = new Uint32Array(1)
    return getpeereid(fd, ptr(uid), ptr(gid)) === 0 ? uid[0] : undefined
  }
}
