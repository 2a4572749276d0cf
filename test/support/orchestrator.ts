// An old client of the orchestrator daemon: sends frames, and reads what comes in the order it comes.

import { openWebSocket } from './websocket.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- what it is told is looked into field by field
export type Frame = { type: string; [name: string]: any }

export type OldClient = Awaited<ReturnType<typeof openOldClient>>

/** @param address of a listener that asks for no token */
export const openOldClient = async (address: string, path = '/') => {
  const socket = await openWebSocket(`${address}${path}`)
  /** everything that came, and how much of it was looked at */
  const all: Frame[] = []
  let read = 0

  const following = async (): Promise<Frame> => {
    const known = all[read]
    if (known) return known
    const frame: Frame = JSON.parse(await socket.frames.next())
    all.push(frame)
    return frame
  }

  const next = async (type?: string, isIt: (frame: Frame) => unknown = () => true): Promise<Frame> => {
    for (;;) {
      const frame = await following()
      read++
      if ((type === undefined || frame.type === type) && isIt(frame)) return frame
    }
  }

  const send = (frame: object): void => socket.send(JSON.stringify(frame))

  /** All that the daemon has to say by now. */
  const settle = async (): Promise<Frame[]> => {
    send({ type: 'ping', id: -1 })
    await next('pong', ({ id }) => id === -1)
    all.splice(--read, 1)
    return all
  }

  return {
    all,
    types: () => all.map(({ type }) => type),
    next,
    send,
    settle,
    /** The status that a session gets, told to everybody. */
    status: (status: string, id?: string) =>
      next(
        'session_status_update',
        ({ session }) => session.status === status && (id === undefined || session.id === id),
      ),
    /** Spawns a session whose first task is this text; gives back the session as it was told. */
    spawn: async (description: string, more: object = {}): Promise<Frame> => {
      const task = { type: 'code', description, priority: 'high', status: 'pending' }
      const payload = { orchestratorId: 'vp_123', task, sessionType: 'claude-code', ...more }
      send({ type: 'spawn_session', payload })
      return (await next('session_spawned')).session
    },
    execute: (sessionId: unknown, task: unknown, more: object = {}): void =>
      send({ type: 'execute_task', payload: { sessionId, task, ...more } }),
    stop: (sessionId: unknown): void => send({ type: 'stop_session', payload: { sessionId } }),
    look: (sessionId: unknown, more: object = {}): void =>
      send({ type: 'session_status', payload: { sessionId, ...more } }),
    [Symbol.asyncDispose]: () => socket[Symbol.asyncDispose](),
  }
}

/** The text of a stream's chunks of a kind. */
export const textOf = (frames: readonly Frame[], kind = 'text'): string =>
  frames
    .filter(({ type, data }) => type === 'stream_chunk' && data.metadata.type === kind)
    .map(({ data }) => data.chunk)
    .join('')
