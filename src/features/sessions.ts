// THE SESSIONS ROOM: Claude Code at work. Managed sessions are started here and driven over their input and output; the
// others are known by what was heard of them.
//
// Promises: a session is in the log before its process starts, and its end after nothing of it runs any more. One turn at
// a time, and what is said in it is told in its order; what was said whole is on disk, pieces of it are told as they
// come. A status that says that it ended is final until the session is resumed. What a killed daemon left running is
// ended before anything else starts, and told as lost. Nothing but an answer gives a permission.
// Refuses: more sessions than `sessions.max`; to drive what it did not start; to signal a process that is not its own.

import { PaidError } from '../protocol/error.ts'
import type { Session } from '../protocol/sessions.ts'
import type { HandlersFor } from '../core/dispatch.ts'
import type { Peer } from '../core/peer.ts'
import { hasTranscript } from './sessions/alive.ts'
import { answerIn } from './sessions/answered.ts'
import { daemonStopMs, type SessionsGround, timesOf } from './sessions/ground.ts'
import { createHeard } from './sessions/heard.ts'
import { createLive, type Live } from './sessions/live.ts'
import { createLooking } from './sessions/looking.ts'
import { recoverLost } from './sessions/lost.ts'
import { openMailbox } from './sessions/mailbox.ts'
import { createProgram } from './sessions/program.ts'
import { type Message, messageOf } from './sessions/queue.ts'
import { begun, find, fresh, idOfAlias, type Managed, type Place } from './sessions/rows.ts'
import { folderFor, startProcess, toldOf } from './sessions/starting.ts'
import { createTotals } from './sessions/totals.ts'

export type Sessions = {
  handlers: HandlersFor<'session'>
  /** Ends what runs and waits for it. True when somebody is to be told. */
  close: () => Promise<boolean>
}

const keyOf = ({ namespace, id }: Place): string => `${namespace}\n${id}`

export const createSessions = (ground: SessionsGround): Sessions => {
  const { log, clock, logger, settings, claudeFolder } = ground
  const running = new Map<string, Live>()
  /** places that are taken by sessions that are about to run */
  const reserved = new Set<string>()
  const program = createProgram({ path: settings.claude, env: ground.env })
  const heard = createHeard({ log })
  const totals = createTotals(log, running)
  const looking = createLooking({
    heard,
    live: (namespace, id) => running.get(keyOf({ namespace, id })),
    claudeFolder,
  })
  const recovered = recoverLost(ground)
  let closed = false

  const idOf = async (given: string, { namespace }: Peer): Promise<string> => {
    const id = await log.read((reader) => looking.idOf(reader, namespace, given))
    if (id === undefined)
      throw new PaidError('unknown_session', `There is no session ${JSON.stringify(given)}`)
    return id
  }

  const shown = async ({ namespace, id }: Place): Promise<Session> => {
    const session = await log.read((reader) => looking.get(reader, namespace, id))
    if (!session) throw new PaidError('unknown_session')
    return session
  }

  /** Throws what is so of a session that cannot be talked to. */
  const liveOf = async (given: string, peer: Peer): Promise<Live> => {
    const id = await idOf(given, peer)
    const live = running.get(keyOf({ namespace: peer.namespace, id }))
    if (live) return live
    const known = await log.read((reader) => find(reader, { namespace: peer.namespace, id }))
    if (known) throw new PaidError('session_ended', `The session ${id} has ended (${known.status})`)
    throw new PaidError(
      'not_available',
      `The session ${id} was not started by paid, so it cannot be talked to`,
      'Once it has ended, `paid sessions resume ID` goes on with it.',
    )
  }

  /** Holds a place for it until it runs; throws when there is none, or it has one. */
  const reserve = (place: Place): void => {
    if (closed) throw new PaidError('stopping')
    const key = keyOf(place)
    if (running.has(key) || reserved.has(key))
      throw new PaidError('session_running', `The session ${place.id} runs already`)
    if (running.size + reserved.size >= settings.max)
      throw new PaidError(
        'too_many_sessions',
        `Maximum session limit reached (${settings.max}). Cannot spawn new session.`,
      )
    reserved.add(key)
  }

  /** From its row to its process. Its beginning is told first, so that its end can be, whatever happens. */
  const begin = async (
    managed: Managed,
    { path, version }: { path: string; version: string },
    { type, data, resumed, prompt, cause }: Beginning,
  ): Promise<string | undefined> => {
    const key = keyOf(managed)
    let closeMailbox = (): void => {}
    const live = createLive({
      ground,
      managed,
      cause,
      times: timesOf(settings),
      onEnd: () => {
        closeMailbox()
        running.delete(key)
      },
    })
    await live.tellFirst({ type, data: { ...data, claude: version }, by: managed.by })
    running.set(key, live)
    reserved.delete(key)
    closeMailbox = openMailbox(ground, managed, live.send)
    try {
      live.attach(startProcess(path, managed, { resumed, cause, ground, take: live.take }))
    } catch (error) {
      await live.abandon(error instanceof Error ? error.message : String(error))
      throw error
    }
    logger.info('a session began', { session: managed.id, pid: managed.pid, directory: managed.directory })
    if (!prompt) return undefined
    await live.send(prompt)
    return prompt.id
  }

  const spawn = async (place: Place, given: SpawnParams, peer: Peer) => {
    const { prompt, directory, title, model, permissionMode, budgetUsd, alias, labels } = given
    const found = await program.find()
    const [known, namesake] = await log.read((reader) => [
      find(reader, place),
      alias === undefined ? undefined : idOfAlias(reader, place.namespace, alias),
    ])
    if (known)
      throw new PaidError('name_taken', `There is a session ${place.id} already`, 'Resume it instead.')
    if (namesake !== undefined)
      throw new PaidError('name_taken', `The session ${namesake} has the alias ${alias} already`)
    const managed: Managed = {
      ...place,
      ...fresh,
      directory: folderFor(directory, place.id, ground),
      title: title ?? null,
      model: model ?? null,
      permissionMode: permissionMode ?? null,
      budgetUsd: budgetUsd ?? (settings.budgetUsd || null),
      alias: alias ?? null,
      labels: labels ?? null,
      by: peer.by,
      startedAt: clock.now(),
    }
    const first = prompt === undefined ? undefined : messageOf(prompt, 'next-turn', peer.by)
    return await begin(managed, found, {
      type: 'session.spawned',
      data: toldOf(managed, prompt),
      resumed: false,
      prompt: first,
      cause: peer.cause,
    })
  }

  const resume = async (place: Place, prompt: string | undefined, peer: Peer) => {
    const found = await program.find()
    const [known, session] = await log.read((reader) => [
      find(reader, place),
      looking.get(reader, place.namespace, place.id),
    ])
    const resumed = hasTranscript(claudeFolder, place.id)
    if (!known && session?.pid !== undefined)
      throw new PaidError(
        'session_running',
        `The session ${place.id} runs in process ${session.pid}`,
        'End it there first.',
      )
    if (!known && (!resumed || session?.folder === undefined))
      throw new PaidError('not_available', `Claude Code has no conversation of ${place.id} to go on with`, '')
    const directory = folderFor(known?.directory ?? session?.folder, place.id, ground)
    const before = known ?? { ...place, ...fresh, title: null, model: null, permissionMode: null }
    const managed: Managed = {
      alias: null,
      labels: null,
      budgetUsd: settings.budgetUsd || null,
      ...before,
      ...begun,
      directory,
      by: peer.by,
      startedAt: clock.now(),
    }
    const first = prompt === undefined ? undefined : messageOf(prompt, 'next-turn', peer.by)
    return await begin(managed, found, {
      type: 'session.resumed',
      data: { directory },
      resumed,
      prompt: first,
      cause: peer.cause,
    })
  }

  /** What begins a session, in a place that is held for it. */
  const inPlace = async (place: Place, work: () => Promise<string | undefined>) => {
    if (recovered) await recovered
    reserve(place)
    try {
      const message = await work()
      return { session: await shown(place), ...(message !== undefined && { message }) }
    } finally {
      reserved.delete(keyOf(place))
    }
  }

  const handlers: HandlersFor<'session'> = {
    'session.list': (wanted, { namespace }) =>
      log.read((reader) => ({ sessions: looking.list(reader, namespace, wanted) })),

    'session.get': ({ id: given }, { namespace }) =>
      log.read((reader) => {
        const id = looking.idOf(reader, namespace, given)
        return { session: (id !== undefined && looking.get(reader, namespace, id)) || null }
      }),

    'session.totals': (_params, { namespace }) => totals(namespace),

    'session.spawn': (given, peer) => {
      const place = { namespace: peer.namespace, id: given.id ?? crypto.randomUUID() }
      return inPlace(place, () => spawn(place, given, peer))
    },

    'session.resume': async ({ id: given, prompt }, peer) => {
      const place = { namespace: peer.namespace, id: await idOf(given, peer) }
      return await inPlace(place, () => resume(place, prompt, peer))
    },

    'session.send': async ({ id, text, urgency }, peer) => {
      const live = await liveOf(id, peer)
      const message = messageOf(text, urgency, peer.by)
      const turn = await live.send(message)
      return { message: message.id, ...(turn !== undefined && { turn }) }
    },

    'session.wait': async ({ id: given, message }, peer) => {
      const place = { namespace: peer.namespace, id: await idOf(given, peer) }
      const live = running.get(keyOf(place))
      const waiting = live?.answerTo(message)
      const end = (await waiting) ?? (await log.read((reader) => answerIn(reader, place, message)))
      if (!end && live && !waiting) throw new PaidError('not_found', 'Nothing answers to this message', '')
      if (!end) throw new PaidError('session_ended', 'The session ended before it answered this message')
      return end
    },

    'session.interrupt': async ({ id }, peer) => ({ interrupted: (await liveOf(id, peer)).interrupt() }),

    'session.stop': async ({ id: given, why }, peer) => {
      const place = { namespace: peer.namespace, id: await idOf(given, peer) }
      const live = running.get(keyOf(place))
      if (live) await live.stop('terminated', why)
      else if (!(await log.read((reader) => find(reader, place)))) await liveOf(given, peer)
      return { session: await shown(place) }
    },

    'session.answer': async ({ id, request: named, ...answer }, peer) => {
      const live = await liveOf(id, peer)
      const request = named ?? live.permissions.open[0]?.request
      if (request === undefined)
        throw new PaidError('not_found', 'The session asks for nothing', '`paid sessions` shows who waits.')
      const outcome = await live.answer(request, answer, peer.by)
      if (!outcome) throw new PaidError('not_found', `The session never asked for ${request}`, '')
      return outcome.first === undefined ? { answered: true } : { answered: false, by: outcome.first }
    },
  }

  return {
    handlers,
    close: async () => {
      closed = true
      const any = running.size > 0
      const stopMs = Math.min(timesOf(settings).stopMs, daemonStopMs)
      await Promise.all(
        [...running.values()].map((live) => live.stop('terminated', 'The daemon was stopped', stopMs)),
      )
      await recovered
      return any
    },
  }
}

/** How a session begins, as it is told. */
type Beginning = {
  type: string
  data: object
  resumed: boolean
  prompt: Message | undefined
  cause: string | undefined
}

type SpawnParams = Parameters<HandlersFor<'session'>['session.spawn']>[0]
