// Orchestrator requests of one connection, and its manners: it is the home dialect of every WebSocket but `/ws`, so it
// answers what nobody else knows.
// Promises: an answer for each frame, in their order, but for a stop, which takes its time; what is told of a session
// comes behind the answer that names it; nothing that is sent closes the connection. Who speaks another dialect is told
// nothing that it did not ask for.

import { limits } from '../protocol/limits.ts'
import { PaidError } from '../protocol/error.ts'
import type { Dispatch } from '../core/dispatch.ts'
import type { Connection } from './connection.ts'
import {
  errorText,
  failureText,
  idOf,
  invalidFormat,
  messageOf,
  nameOf,
  notFound,
  type OrchestratorFrame,
  replyText,
  unknownType,
} from './dialects/orchestrator/frames.ts'
import type { Known } from './dialects/orchestrator/known.ts'
import { sessionOf, type Shown, statusOf } from './dialects/orchestrator/session.ts'
import { freshAlias, orderOf, payloadOf, taskOf } from './dialects/orchestrator/spawn.ts'
import { daemonStatusOf } from './dialects/orchestrator/status.ts'
import type { Asked } from './dialects/orchestrator/stream.ts'
import { forWeb } from './dialects/orchestrator/web.ts'
import { isFields } from '../lib/fields.ts'
import { createFollowing } from './orchestrator/following.ts'
import { createHeld } from './orchestrator/held.ts'
import { type News, updateText } from './orchestrator/news.ts'

export type Orchestrator = ReturnType<typeof createOrchestrator>

type Fields = Record<string, unknown>

const rememberedTasks = 1000

const health = { type: 'health_check_response', healthy: true }

/** @param web whether its client is the later one, which is also told of every session that its like begin */
export const createOrchestrator = (connection: Connection, dispatch: Dispatch, news: News, web: boolean) => {
  const { peer, outbox } = connection
  const words = web ? forWeb : (text: string) => [text]
  const say = (text: string): void => words(text).forEach(connection.say)
  const held = createHeld()
  /** what came with the last messages of this client: an answer that it did not read is given again */
  const asked = new Map<string, Asked>()
  const following = createFollowing({
    connection,
    dispatch,
    news,
    held,
    asked,
    words: web ? forWeb : undefined,
  })
  const { follow, leave, follows } = following
  let speaks: 'nothing' | 'this' | 'another' = 'nothing'
  let ended = false

  /** sessions whose news it did not read */
  const missed = new Set<string>()
  const tellMissed = async (): Promise<void> => {
    await outbox.empty()
    const sessions = [...missed]
    missed.clear()
    for (const id of sessions) {
      const of = await find(id)
      if (of) hear(id, updateText(of))
    }
  }
  const hear = (session: string, text: string): void => {
    if (speaks === 'another' || ended) return
    held.say(session, () => {
      if (words(text).every(connection.tell)) return
      missed.add(session)
      if (missed.size === 1) void tellMissed()
    })
  }
  const nameOfPeer = (by: string): string => by.slice(by.indexOf(':') + 1)
  const isOfItsLike = ({ by }: Known): boolean => web && nameOfPeer(by) === nameOfPeer(peer.by)
  const quit = news.join({
    hear,
    began: (of) => {
      if (isOfItsLike(of) && !follows(of.id)) follow(of, of.seq).catch(() => {})
    },
  })
  // what its like began before it came, as a page that was loaded again
  for (const of of news.all()) if (isOfItsLike(of)) follow(of).catch(() => {})

  const find = async (id: unknown): Promise<Shown | undefined> => {
    if (typeof id !== 'string') return undefined
    const found = await dispatch(peer, 'session.get', { id }).catch((error: unknown) => {
      if (error instanceof PaidError && error.code === 'bad_request') return undefined
      throw error
    })
    const session = found?.session
    return session?.kind === 'managed' ? (news.of(session.id) ?? session) : undefined
  }

  /** Does it in its turn, or, when that takes its time, out of turn; it says its answer itself. */
  const run = (frame: OrchestratorFrame, work: () => Promise<void>, waits = false): void =>
    connection.take({
      reads: !waits,
      waits,
      answer: () =>
        work().then(
          () => undefined,
          (error: unknown) => failureText(frame, error),
        ),
    })

  const spawn = async (frame: OrchestratorFrame, payload: Fields): Promise<void> => {
    const { prompt, directory, labels, more } = orderOf(payload)
    const id = crypto.randomUUID()
    const alias = freshAlias()
    const task = { description: prompt, more }
    const forget = news.order(id, task)
    held.hold(id)
    try {
      await follow({ id, alias })
      const { session } = await dispatch(peer, 'session.spawn', {
        id,
        alias,
        prompt,
        labels,
        ...(directory !== undefined && { directory }),
      })
      const begun: Shown = { ...session, status: 'initializing', turns: 0, task }
      say(replyText(frame, { type: 'session_spawned', session: sessionOf(begun) }))
    } catch (error) {
      await leave(id)
      held.drop(id)
      throw error
    } finally {
      forget()
      held.release(id)
    }
  }

  const execute = async (frame: OrchestratorFrame, payload: Fields): Promise<void> => {
    const { sessionId, task, streamResponse } = payload
    const refuse = (error: string): void => {
      const taskId = task === undefined ? undefined : `task_${crypto.randomUUID()}`
      say(replyText(frame, { type: 'task_executing', sessionId, taskId }))
      say(replyText(frame, { type: 'task_failed', sessionId, taskId, error }))
    }
    const of = await find(sessionId)
    if (!of) return refuse(notFound(sessionId))
    const notRunning = `Session ${nameOf(sessionId)} is not running`
    if (of.endedAt !== undefined) return refuse(`${notRunning} (status: ${statusOf(of)})`)
    const text = taskOf(payload)
    if (text === undefined) return refuse('execute_task needs a text in payload.task')
    const { id } = of
    held.hold(id)
    try {
      await follow(of)
      const { message } = await dispatch(peer, 'session.send', { id, text })
      asked.set(message, { quiet: streamResponse === false, more: idOf(frame) })
      for (const oldest of asked.keys()) if (asked.size > rememberedTasks) asked.delete(oldest)
    } catch (error) {
      const ended = error instanceof PaidError && error.code === 'session_ended'
      return refuse(ended ? notRunning : messageOf(error))
    } finally {
      held.release(id)
    }
  }

  const tellStatus = async (frame: OrchestratorFrame, payload: Fields): Promise<void> => {
    const { sessionId, since } = payload
    const of = await find(sessionId)
    if (!of) throw new PaidError('unknown_session', notFound(sessionId))
    say(replyText(frame, { type: 'session_status_update', session: sessionOf(of) }))
    if (typeof since === 'number' || typeof since === 'string') await follow(of, since)
    else if (of.endedAt === undefined) await follow(of)
  }

  const stop = async (frame: OrchestratorFrame, payload: Fields): Promise<void> => {
    const { sessionId } = payload
    const of = await find(sessionId)
    if (!of) throw new PaidError('unknown_session', notFound(sessionId))
    const { id } = of
    held.hold(id)
    try {
      await leave(id)
      const { session } = await dispatch(peer, 'session.stop', { id })
      say(replyText(frame, { type: 'session_status_update', session: sessionOf(session) }))
      held.drop(id)
    } finally {
      held.release(id)
    }
  }

  const list = async (frame: OrchestratorFrame): Promise<void> => {
    const { sessions } = await dispatch(peer, 'session.list', { kind: 'managed', limit: limits.pageEvents })
    const shown = sessions.map((session) => sessionOf(news.of(session.id) ?? session))
    say(replyText(frame, { type: 'sessions_list', sessions: shown }))
  }

  const daemonStatus = async () =>
    daemonStatusOf(
      ...(await Promise.all([dispatch(peer, 'system.status', {}), dispatch(peer, 'session.totals', {})])),
    )

  const tellDaemon = async (frame: OrchestratorFrame): Promise<void> =>
    say(replyText(frame, { type: 'daemon_status_update', status: await daemonStatus() }))

  const withPayload =
    (answer: (frame: OrchestratorFrame, payload: Fields) => Promise<void>, waits = false) =>
    (frame: OrchestratorFrame): void => {
      const payload = payloadOf(frame)
      if (payload) run(frame, () => answer(frame, payload), waits)
      else connection.take(errorText(frame, invalidFormat))
    }

  const takes: Readonly<Record<string, (frame: OrchestratorFrame) => void>> = {
    ping: (frame) => connection.take(replyText(frame, { type: 'pong' })),
    health_check: (frame) =>
      web
        ? run(frame, async () => say(replyText(frame, { ...health, data: await daemonStatus() })))
        : connection.take(replyText(frame, health)),
    daemon_status: (frame) => run(frame, () => tellDaemon(frame)),
    spawn_session: withPayload(spawn),
    execute_task: withPayload(execute),
    session_status: withPayload(tellStatus),
    stop_session: withPayload(stop, true),
    list_sessions: (frame) => run(frame, () => list(frame)),
  }

  return {
    /** Takes a frame that is nobody else's. */
    take: (frame: unknown): void => {
      const fields = isFields(frame) ? frame : {}
      const { type } = fields
      const take = typeof type === 'string' && Object.hasOwn(takes, type) ? takes[type] : undefined
      if (!take) return connection.take(errorText(fields, unknownType))
      speaks = 'this'
      take(fields)
    },
    /** Answers what could not be read. */
    refuse: (error: PaidError): void =>
      connection.take(error.code === 'invalid_json' ? errorText({}, invalidFormat) : failureText({}, error)),
    /** Its client has said something in another dialect. */
    yield: (): void => {
      if (speaks === 'nothing') speaks = 'another'
    },
    end: (): void => {
      ended = true
      quit()
      following.end()
    },
  }
}
