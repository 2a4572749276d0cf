// THE SESSIONS ROOM: Claude Code at work. Managed sessions are started here and driven over their input and output; the
// others are known by what was heard of them, and can be told something in the replies to their hooks.
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
import { answerIn, type Answered } from './sessions/answered.ts'
import { createBeginnings } from './sessions/beginnings.ts'
import { daemonStopMs, type SessionsGround, timesOf } from './sessions/ground.ts'
import { createHeard } from './sessions/heard.ts'
import { heardAnswer } from './sessions/heard/answer.ts'
import { createHeardMessages } from './sessions/heard/messages.ts'
import { createHeardPermissions } from './sessions/heard/permissions.ts'
import { createHeardWays } from './sessions/heard/ways.ts'
import type { Live } from './sessions/live.ts'
import { createLooking } from './sessions/looking.ts'
import { recoverLost } from './sessions/lost.ts'
import { openMailboxes } from './sessions/mailbox.ts'
import { type IsOwn, ownWords } from './sessions/own-words.ts'
import { type Message, messageOf } from './sessions/queue.ts'
import { keyOf, type Place } from './sessions/rows.ts'
import { createTotals } from './sessions/totals.ts'

export type Sessions = {
  handlers: HandlersFor<'session'>
  isOwn: IsOwn
  /** Ends what runs and waits for it. True when somebody is to be told. */
  close: () => Promise<boolean>
}

export const createSessions = (ground: SessionsGround): Sessions => {
  const { log, settings, claudeFolder } = ground
  const running = new Map<string, Live>()
  const heard = createHeard({ log })
  const totals = createTotals(log, running)
  const messages = createHeardMessages(ground)
  const ways = createHeardWays(ground, messages)
  const asked = createHeardPermissions(ground)
  const looking = createLooking({
    heard,
    waiting: messages.count,
    asking: asked.openOf,
    live: (namespace, id) => running.get(keyOf({ namespace, id })),
    claudeFolder,
  })
  const recovered = recoverLost(ground)
  const beginnings = createBeginnings({ ground, running, looking, recovered, messages })

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

  const begunAs = async (place: Place, beginning: Promise<string | undefined>) => {
    const message = await beginning
    return { session: await shown(place), ...(message !== undefined && { message }) }
  }

  /** Whether it is one that was not started here, or goes on elsewhere. */
  const isHeard = async (place: Place): Promise<boolean> => {
    if (running.has(keyOf(place))) return false
    const session = await log.read((reader) => looking.get(reader, place.namespace, place.id))
    return session?.kind !== 'managed'
  }

  /** Throws what is so of a session that cannot be talked to. */
  const liveOf = async (given: string, peer: Peer): Promise<Live> => {
    const id = await idOf(given, peer)
    const live = running.get(keyOf({ namespace: peer.namespace, id }))
    if (live) return live
    const { kind, status } = await shown({ namespace: peer.namespace, id })
    if (kind === 'managed') throw new PaidError('session_ended', `The session ${id} has ended (${status})`)
    throw new PaidError(
      'not_available',
      `The session ${id} was not started by paid, so it cannot be steered`,
      'Once it has ended, `paid sessions resume ID` goes on with it.',
    )
  }

  /** To one that was started elsewhere: it waits until a hook of it asks. */
  const leaveFor = async (place: Place, message: Message) => {
    const { kind, status } = await shown(place)
    if (status === 'completed') throw new PaidError('session_ended', `The session ${place.id} has ended`)
    if (place.namespace !== '' || kind !== 'heard')
      throw new PaidError(
        'not_available',
        `No hook tells of the session ${place.id}, so it cannot be talked to`,
        'Have Claude Code tell the daemon of its sessions: `paid hooks install`.',
      )
    return await ways.say(place.id, message)
  }

  const answerOf = async ({ namespace, id }: Place, message: string, peer: Peer): Promise<Answered> => {
    const outcome = namespace === '' ? await heardAnswer(ground, id, message, peer) : 'unknown'
    if (outcome === 'unknown') throw unanswerable()
    if (outcome === 'expired') throw unanswered()
    return outcome
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
      return begunAs(place, beginnings.spawn(place, given, peer))
    },

    'session.resume': async ({ id: given, prompt }, peer) => {
      const place = { namespace: peer.namespace, id: await idOf(given, peer) }
      return await begunAs(place, beginnings.resume(place, prompt, peer))
    },

    'session.send': async ({ id, text, urgency }, peer) => {
      const place = { namespace: peer.namespace, id: await idOf(id, peer) }
      const message = messageOf(text, urgency, peer)
      if (await isHeard(place)) {
        return { message: message.id, way: await leaveFor(place, message) }
      }
      const turn = await (await liveOf(id, peer)).send(message)
      return { message: message.id, way: 'stdin', ...(turn !== undefined && { turn }) }
    },

    'session.wait': async ({ id: given, message }, peer) => {
      const place = { namespace: peer.namespace, id: await idOf(given, peer) }
      if (await isHeard(place)) return await answerOf(place, message, peer)
      const live = running.get(keyOf(place))
      const waiting = live?.answerTo(message)
      const end = (await waiting) ?? (await log.read((reader) => answerIn(reader, place, message)))
      if (!end && live && !waiting) throw unanswerable()
      if (!end) throw unanswered()
      return end
    },

    'session.hook': (hook, { namespace }) => (namespace === '' ? messages.atHook(hook) : {}),

    'session.unanswered': async ({ id, key }, { namespace }) => ({
      messages: namespace === '' ? await messages.unanswered(id, key) : 0,
    }),

    'session.idle': async ({ id }, peer) => ({
      text: peer.namespace === '' ? ((await ways.waitBeside(id, peer)) ?? null) : null,
    }),

    'session.interrupt': async ({ id }, peer) => ({ interrupted: (await liveOf(id, peer)).interrupt() }),

    'session.stop': async ({ id: given, why }, peer) => {
      const place = { namespace: peer.namespace, id: await idOf(given, peer) }
      const live = running.get(keyOf(place))
      if (live) await live.stop('terminated', why)
      else if (await isHeard(place)) await liveOf(given, peer)
      return { session: await shown(place) }
    },

    'session.ask': async ({ id: given, ...wanted }, peer) => {
      if (!settings.remoteApproval || peer.namespace !== '') return {}
      const id = await idOf(given, peer)
      // one that runs here asks over its output
      if (!(await isHeard({ namespace: '', id }))) return {}
      const decision = await asked.ask({ id, ...wanted }, peer)
      return decision ? { decision } : {}
    },

    'session.answer': async ({ id, request: named, ...answer }, peer) => {
      const place = { namespace: peer.namespace, id: await idOf(id, peer) }
      if (place.namespace === '' && (await isHeard(place))) {
        if (!settings.remoteApproval)
          throw new PaidError(
            'not_found',
            `The session ${place.id} asks in its own terminal, and nothing here`,
            'With sessions.remoteApproval it can be answered from here too.',
          )
        return await asked.answer(place.id, named, answer, peer.by)
      }
      const live = await liveOf(id, peer)
      const request = named ?? live.permissions.open[0]?.request
      if (request === undefined)
        throw new PaidError('not_found', 'The session asks for nothing', '`paid sessions` shows who waits.')
      const outcome = await live.answer(request, answer, peer.by)
      if (!outcome) throw new PaidError('not_found', `The session never asked for ${request}`, '')
      return outcome.first === undefined ? { answered: true } : { answered: false, by: outcome.first }
    },
  }

  const closeMailboxes = openMailboxes(ground, async (id, message) => {
    const place = { namespace: '', id }
    if (await isHeard(place)) await leaveFor(place, message)
  })

  return {
    handlers,
    isOwn: ownWords(ground.database),
    close: async () => {
      closeMailboxes()
      messages.close()
      asked.close()
      ways.close()
      beginnings.close()
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

const unanswerable = (): PaidError => new PaidError('not_found', 'Nothing answers to this message', '')
const unanswered = (): PaidError =>
  new PaidError('session_ended', 'The session ended before it answered this message')
