// Which sessions one connection follows, and how their channels come to it as the orchestrator's stream. One that read
// too slowly gets the turn that was going on anew, once it reads again.

import type { Dispatch } from '../../core/dispatch.ts'
import type { LogEvent } from '../../core/log-event.ts'
import type { Subscription } from '../../core/subscription.ts'
import type { Connection, Words } from '../connection.ts'
import type { Shown } from '../dialects/orchestrator/session.ts'
import { shownId } from '../dialects/orchestrator/session.ts'
import { type Asked, createStream, isEnd, type Stream } from '../dialects/orchestrator/stream.ts'
import type { Held } from './held.ts'
import type { News } from './news.ts'

type Followed = {
  of: Pick<Shown, 'id' | 'alias'>
  stream: Stream
  subscription?: string
  /** when its last turn was told to be over, if the next one was waiting by then; steady, milliseconds */
  turnOverAt: number
  /** Ends the pause that it makes. */
  goOn: () => void
}

/**
 * How long a turn that was waiting in line is told later than the end of the one before, and how many of its events wait
 * at most: who asks something at that end, and takes the next frame for the answer, is answered first.
 */
const pauseMs = 100
const pauseEvents = 32

export const createFollowing = ({
  connection,
  dispatch,
  news,
  held,
  asked,
  words,
}: {
  connection: Connection
  dispatch: Dispatch
  news: News
  held: Held
  asked: Map<string, Asked>
  /** what its client gets of a frame, if that is another one, or more than one */
  words: ((text: string) => readonly string[]) | undefined
}) => {
  const followed = new Map<string, Followed>()
  const { outbox } = connection
  let ended = false

  const send = (told: readonly string[], { seq }: LogEvent, owner: Subscription): void => {
    const frames = words ? told.flatMap(words) : told
    const end = frames.length - 1
    frames.forEach((text, at) => outbox.push(text, owner, text.length, at === end ? seq : 0))
  }

  /** Only for who has read what there was. */
  const pause = (each: Followed): void => {
    const leftMs = each.turnOverAt + pauseMs - performance.now()
    each.turnOverAt = -Infinity
    if (leftMs <= 0 || outbox.blocked) return
    held.hold(each.of.id)
    const timer = setTimeout(() => each.goOn(), leftMs)
    each.goOn = () => {
      each.goOn = () => {}
      clearTimeout(timer)
      held.release(each.of.id)
    }
  }

  const wordsOf = (each: Followed): Words => ({
    event: (event, subscription) => {
      const { live } = subscription
      if (live && event.type === 'turn.started') pause(each)
      held.say(each.of.id, () => {
        if (followed.get(each.of.id) !== each) return
        // that a session runs is told before what it does, that it has ended after what it did
        if (live && event.type === 'turn.started') news.take(event)
        send(each.stream.take(event, live), event, subscription)
        if (live && event.type === 'turn.finished') each.turnOverAt = performance.now()
        if (event.type === 'session.status') each.turnOverAt = -Infinity
        if (!live || !isEnd(event)) return
        news.take(event)
        void leave(each.of.id)
      })
      if (held.count(each.of.id) > pauseEvents) each.goOn()
      return undefined
    },
    lagged: (_subscription, seq) => {
      if (followed.get(each.of.id) !== each) return undefined
      followed.delete(each.of.id)
      each.goOn()
      const since = each.stream.before(seq)
      void outbox.empty().then(() => (ended ? undefined : follow(each.of, since).catch(() => {})))
      return undefined
    },
  })

  /** Does nothing when it is followed already, unless it is to be read back. */
  const follow = async (of: Pick<Shown, 'id' | 'alias'>, since?: number | string): Promise<void> => {
    if (followed.has(of.id)) {
      if (since === undefined) return
      await leave(of.id)
    }
    let joined = since
    const stream = createStream({
      session: of.id,
      shown: shownId(of),
      first: () => news.of(of.id)?.first,
      asked,
      joined: () => joined,
    })
    const each: Followed = {
      of: { id: of.id, ...(of.alias !== undefined && { alias: of.alias }) },
      stream,
      turnOverAt: -Infinity,
      goOn: () => {},
    }
    followed.set(of.id, each)
    try {
      const { subscription, head } = await dispatch(connection.peerIn(wordsOf(each)), 'event.subscribe', {
        session: of.id,
        ...(since !== undefined && { since }),
      })
      joined ??= head
      each.subscription = subscription
      // it was left before that was known
      if (followed.get(of.id) !== each) await end(each)
    } catch (error) {
      if (followed.get(of.id) === each) followed.delete(of.id)
      throw error
    }
  }

  const end = async ({ subscription }: Followed): Promise<void> => {
    if (subscription !== undefined) await dispatch(connection.peer, 'event.unsubscribe', { subscription })
  }

  const leave = async (session: string): Promise<void> => {
    const each = followed.get(session)
    followed.delete(session)
    each?.goOn()
    if (each) await end(each).catch(() => {})
  }

  return {
    follow,
    leave,
    follows: (session: string): boolean => followed.has(session),
    /** Its connection is gone: nothing is begun any more. */
    end: (): void => {
      ended = true
      followed.clear()
    },
  }
}
