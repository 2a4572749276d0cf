// The orchestrator's client over one line at a time, which it opens again when it was lost; sessions that it listens to
// go on where they were.

import { PaidError } from '../../protocol/error.ts'
import type { Line, Open } from '../line.ts'
import type { DaemonClient, DaemonStatus, ExecuteTaskPayload, Session } from '../orchestrator-types.ts'
import { createAttempts, type Later, later } from './attempts.ts'
import { createCalls } from './calls.ts'
import { createEmitter } from './emitter.ts'
import { type Frame, frameOf, isDaemonStatus, isSession, sessionIdOf } from './frame.ts'
import { createOutput, type Output } from './output.ts'
import { createState } from './state.ts'
import { tell } from './telling.ts'

export type WatchingClient = DaemonClient & {
  /** Listens to a session from its first turn on, now and whenever it is connected. */
  watch: (sessionId: string) => void
  /** The text of its last turn. */
  outputOf: (sessionId: string) => string
  /** What a page shows of it. */
  state: ReturnType<typeof createState>
}

const rememberedSessions = 500

/** Trying again does not help against these. */
const finalRefusals = ['bad_request', 'unauthorized', 'forbidden']

export const createDaemonClient = (open: Open, wait: Later = later): WatchingClient => {
  const { on, off, emit } = createEmitter()
  const attempts = createAttempts(wait)
  const outputs = new Map<string, Output>()
  let line: Line | undefined
  let opening: Promise<void> | undefined
  /** counts the disconnections: a line that opens after one is not wanted any more */
  let era = 0

  const state = createState(on)
  const send = (frame: Frame): void => {
    if (!line) throw new Error('Not connected to daemon')
    line.send(JSON.stringify(frame))
  }
  const calls = createCalls(send)

  const hear = (text: string): void => {
    const frame = frameOf(text)
    if (!frame) return
    emit('message', frame)
    if (calls.take(frame)) return
    const id = sessionIdOf(frame)
    if (frame['type'] === 'session_spawned' && id !== undefined) listen(id, 0)
    const output = id === undefined ? undefined : outputs.get(id)
    const fresh = output ? output.take(frame) : frame
    if (fresh) tell(emit, fresh)
  }

  const listen = (id: string, from: number | string): void => {
    if (outputs.has(id)) return
    outputs.set(id, createOutput(from))
    for (const oldest of outputs.keys()) if (outputs.size > rememberedSessions) outputs.delete(oldest)
  }

  /** The daemon tells of the session from then on. */
  const ask = async (id: string, since?: number | string): Promise<Session> => {
    const payload = { sessionId: id, ...(since !== undefined && { since }) }
    return sessionIn(await calls.call({ type: 'session_status', payload }, 'session_status_update'))
  }

  /** One whose past the daemon does not have is heard from now on. */
  const resume = async (id: string, output: Output): Promise<void> => {
    output.rewind()
    await ask(id, output.since)
      .catch(() => {
        output.forget()
        return ask(id)
      })
      .catch(() => {})
  }

  const getDaemonStatus = async (): Promise<DaemonStatus> => {
    const { status } = await calls.call({ type: 'daemon_status' }, 'daemon_status_update')
    if (isDaemonStatus(status)) return status
    throw new PaidError('internal', 'The daemon answered without its status')
  }

  /** False when there were enough. */
  const again = (): boolean =>
    attempts.next((number) => {
      emit('reconnecting', number)
      connect().catch(() => {})
    })

  const lost = (of: number): void => {
    if (of !== era || !line) return
    line = undefined
    calls.fail()
    again()
    emit('disconnected')
  }

  const opened = async (of: number): Promise<Line> => {
    let ended = false
    const closed = (): void => {
      ended = true
      lost(of)
    }
    const fresh = await open({ text: (text) => of === era && hear(text), closed })
    if (of !== era) fresh.close()
    if (of !== era || ended) throw new PaidError('not_running', 'The connection ended before it was used')
    return fresh
  }

  const begin = async (of: number): Promise<void> => {
    try {
      line = await opened(of)
    } catch (error) {
      if (of !== era) throw error
      opening = undefined
      const isFinal = error instanceof PaidError && finalRefusals.includes(error.code)
      const reason = error instanceof Error ? error : new Error(String(error))
      emit('error', isFinal || again() ? reason : gaveUp())
      throw error
    }
    opening = undefined
    attempts.reset()
    emit('connected')
    getDaemonStatus().catch(() => {})
    for (const [id, output] of outputs) void resume(id, output)
  }

  const connect = (): Promise<void> => {
    if (line) return Promise.resolve()
    attempts.pause()
    opening ??= begin(era)
    state.connecting()
    return opening
  }

  /** What goes wrong is an event too, so that a page need not wait for what it only wants done. */
  const told = <T>(work: Promise<T>): Promise<T> => {
    work.catch((error: unknown) => emit('error', error instanceof Error ? error : new Error(String(error))))
    return work
  }

  const executeTask = async (payload: ExecuteTaskPayload): Promise<void> => {
    listen(payload.sessionId, new Date().toISOString())
    await calls.give({ type: 'execute_task', payload })
  }

  const getSessionStatus = async (sessionId: string): Promise<Session> => {
    const isNew = !outputs.has(sessionId)
    listen(sessionId, new Date().toISOString())
    try {
      return await ask(sessionId)
    } catch (error) {
      if (isNew) outputs.delete(sessionId)
      throw error
    }
  }

  const stopSession = async (sessionId: string): Promise<void> => {
    await calls.call({ type: 'stop_session', payload: { sessionId } }, 'session_status_update')
    state.drop(sessionId)
  }

  return {
    on,
    off,
    send,
    state,
    connect: () => {
      if (!opening) attempts.reset()
      const connecting = connect()
      // it was told as an event
      connecting.catch(() => {})
      return connecting
    },
    disconnect: () => {
      era++
      attempts.reset()
      const was = line
      line = undefined
      opening = undefined
      calls.fail()
      was?.close()
      state.clear()
      if (was) emit('disconnected')
    },
    isConnected: () => line !== undefined,
    spawnSession: async (payload) =>
      sessionIn(await calls.call({ type: 'spawn_session', payload }, 'session_spawned')),
    executeTask: (payload) => told(executeTask(payload)),
    getSessionStatus: (sessionId) => told(getSessionStatus(sessionId)),
    getDaemonStatus: () => told(getDaemonStatus()),
    stopSession: (sessionId) => told(stopSession(sessionId)),
    watch: (sessionId) => {
      if (outputs.has(sessionId)) return
      listen(sessionId, 0)
      const output = outputs.get(sessionId)
      if (line && output) void resume(sessionId, output)
    },
    outputOf: (sessionId) => outputs.get(sessionId)?.text ?? '',
  }
}

const sessionIn = ({ session }: Frame): Session => {
  if (isSession(session)) return session
  throw new PaidError('internal', 'The daemon answered without the session')
}

const gaveUp = (): PaidError =>
  new PaidError('not_running', 'The daemon did not come back, and is not asked again until `connect`')
