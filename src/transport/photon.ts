// Photon requests of one connection. Promises: a channel is subscribed to once however often it is asked for, and each
// message comes once though several of its patterns match; what `lastEventId` missed comes before the answer (as far
// as a first page, the rest behind it); the publisher's own connection hears nothing of what it published; a listener
// that falls behind is told `lagged` with the id to resume from, and may subscribe again.

import { matches, nameOf } from '../protocol/channel.ts'
import { PaidError } from '../protocol/error.ts'
import { limits } from '../protocol/limits.ts'
import type { Dispatch } from '../core/dispatch.ts'
import type { Peer } from '../core/peer.ts'
import type { Connection, Words } from './connection.ts'
import { isComplete, isPhotonFrame, meaningOf, type PhotonFrame } from './dialects/photon.ts'
import { createCommands } from './dialects/photon/actions.ts'
import {
  encodeMessage,
  encodeReplay,
  errorText,
  failureText,
  invalidFormat,
  laggedText,
  pong,
  refreshText,
  resultText,
  resumeOf,
  shutdownText,
} from './dialects/photon/frames.ts'

/** events of a replay that come before the answer to its subscribe */
const replayedFirst = 500

type Listening = {
  readonly place: string
  readonly channel: string
  readonly namespace: string
  readonly subscription: string
  /** id of the request that began it */
  readonly id: string
  /** stored events after `from` up to `queued` have been sent */
  readonly from: number
  queued: number
  replayed: number
  /** answers the subscribe that waits for its replay */
  ready: (() => void) | undefined
}

export type Photon = ReturnType<typeof createPhoton>

const photonName = nameOf('photonName', limits.namespaceBytes)

/** What a connection takes of photon's requests. On a door without a namespace of its own `photonName` names one. */
export const createPhoton = (connection: Connection, dispatch: Dispatch) => {
  const places = new Map<string, Listening>()
  const listenings = new Map<string, Listening>()
  let spoken = false
  let last: object | undefined

  const forget = (listening: Listening): void => {
    places.delete(listening.place)
    listenings.delete(listening.subscription)
    listening.ready?.()
  }

  /** Whether another pattern of this connection has sent it. */
  const isSent = (seq: number, channel: string, own: Listening): boolean => {
    for (const other of listenings.values())
      if (
        other !== own &&
        other.namespace === own.namespace &&
        other.from < seq &&
        seq <= other.queued &&
        matches(other.channel, channel)
      )
        return true
    return false
  }

  const words: Words = {
    event: (event, subscription) => {
      const own = event.seq > 0 ? listenings.get(subscription.id) : undefined
      if (own) own.queued = event.seq
      if (event === last) return undefined
      last = event
      if (!own || subscription.live) return event.frame(encodeMessage)
      if (isSent(event.seq, event.channel, own)) return undefined
      if (++own.replayed > replayedFirst) own.ready?.()
      return event.frame(encodeReplay)
    },
    lagged: (subscription, seq) => {
      const listening = listenings.get(subscription.id)
      if (!listening) return laggedText('unknown', '', seq)
      forget(listening)
      return laggedText(listening.id, listening.channel, seq)
    },
    live: (subscription) => listenings.get(subscription.id)?.ready?.(),
  }
  const own = connection.peerIn(words)
  const commands = createCommands(dispatch, connection.tell)

  /** The namespace that a frame means. Throws `bad_request` for a name that cannot be one. */
  const peerOf = (frame: PhotonFrame): Peer => {
    const { photonName: asked } = frame
    if (own.namespace !== '' || typeof asked !== 'string' || asked === '') return own
    const checked = photonName.safeParse(asked)
    if (!checked.success)
      throw new PaidError('bad_request', checked.error.issues[0]?.message ?? 'photonName is no name')
    return { ...own, namespace: checked.data }
  }

  const subscribe = async (frame: PhotonFrame, channel: string): Promise<string> => {
    const { id, lastEventId } = frame
    const peer = peerOf(frame)
    const place = `${peer.namespace}\n${channel}`
    const before = places.get(place)
    const resumes = lastEventId !== undefined && lastEventId !== null
    const since = resumes ? resumeOf(lastEventId) : undefined
    /** Whoever has no place to resume from, and says so with null, or has none any more, is told one. */
    const answer = (from: number, told = lastEventId === null) =>
      resultText(id, {
        success: true,
        data: { subscribed: true, channel },
        ...(told && { more: { lastEventId: from } }),
      })
    if (before && !resumes) return answer(before.queued)
    if (before) await end(before, peer)
    const { subscription, head } = await dispatch(peer, 'event.subscribe', {
      channel,
      ...(since !== undefined && { since }),
    })
    const from = Math.min(since ?? head, head)
    const { namespace } = peer
    const listening: Listening = {
      place,
      channel,
      namespace,
      subscription,
      id,
      from,
      queued: from,
      replayed: 0,
      ready: undefined,
    }
    places.set(place, listening)
    listenings.set(subscription, listening)
    if (resumes && (since === undefined || since > head)) {
      connection.say(refreshText(id, channel))
      return answer(from, true)
    }
    if (from < head) {
      await new Promise<void>((ready) => (listening.ready = ready))
      listening.ready = undefined
    }
    return answer(from)
  }

  const end = async (listening: Listening, peer: Peer): Promise<void> => {
    forget(listening)
    await dispatch(peer, 'event.unsubscribe', { subscription: listening.subscription })
  }

  const unsubscribe = async (frame: PhotonFrame, channel: string): Promise<string> => {
    const peer = peerOf(frame)
    const listening = places.get(`${peer.namespace}\n${channel}`)
    if (listening) await end(listening, peer)
    return resultText(frame.id, { success: true, data: { unsubscribed: true, channel } })
  }

  /** Answers it later, in its turn; what goes wrong is an error with its id. */
  const ask = (id: string, reads: boolean, answer: () => Promise<string>, waits = false): void =>
    connection.take({
      reads,
      waits,
      answer: () => answer().catch((error: unknown) => failureText(id, error)),
    })

  return {
    /** Takes a frame if it is photon's. */
    take: (frame: unknown): boolean => {
      if (!isPhotonFrame(frame)) return false
      spoken = true
      const { type, id, channel } = frame
      if (type === 'ping') {
        connection.take(pong(id))
        return true
      }
      if (type === 'subscribe' || type === 'unsubscribe') {
        if (typeof channel !== 'string') connection.take(errorText(id, invalidFormat))
        else ask(id, true, () => (type === 'subscribe' ? subscribe : unsubscribe)(frame, channel))
        return true
      }
      if (type === 'prompt_response') {
        commands.answer(frame)
        return true
      }
      if (type === 'command') {
        if (typeof frame['method'] !== 'string') connection.take(errorText(id, invalidFormat))
        else ask(id, false, async () => resultText(id, await commands.run(frame, peerOf(frame))), true)
        return true
      }
      const meaning = meaningOf(frame)
      if (!meaning) connection.take(errorText(id, `This daemon serves no ${type}`))
      else if (!isComplete(frame, meaning.needs)) connection.take(errorText(id, invalidFormat))
      else
        ask(id, meaning.reads, async () =>
          resultText(id, await meaning.reply(frame, dispatch, peerOf(frame))),
        )
      return true
    },
    /** Tells who speaks photon that the daemon stops. */
    goodbye: (): void => {
      if (spoken) connection.say(shutdownText)
    },
  }
}
