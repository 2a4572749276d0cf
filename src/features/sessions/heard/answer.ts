// What a session that was started elsewhere answered: what Claude said last in the turn that saw a message, as the hook at
// its end tells it. What came before somebody asked is read from the log, the rest is waited for.

import { sessionPrefix } from '../../../protocol/channel.ts'
import { limits } from '../../../protocol/limits.ts'
import type { Bus } from '../../../core/bus.ts'
import { filterOf } from '../../../core/filter.ts'
import type { LogEvent } from '../../../core/log-event.ts'
import type { Log } from '../../../core/log.ts'
import type { Peer } from '../../../core/peer.ts'
import { pageNewest } from '../../../core/query.ts'
import type { Answered } from '../answered.ts'
import { hookName } from './messages.ts'
import { textIn } from '../line.ts'

export type Outcome = Answered | 'expired' | 'unknown'

const telling = new Set(['UserPromptSubmit', 'Stop', 'StopFailure', 'SessionEnd'])

/** Resolves with 'unknown' for a message that is not among what the session was told lately, or whose caller has gone. */
export const heardAnswer = async (
  { log, bus }: { log: Log; bus: Bus },
  id: string,
  message: string,
  peer: Peer,
): Promise<Outcome> => {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const look = lookingFor(message)
  let early: LogEvent[] | undefined = []
  const filter = filterOf('', { channel: `${sessionPrefix}${id}` })
  const take = (event: LogEvent): void => {
    const outcome = look.at(event)
    if (outcome) resolve(outcome)
  }
  const listener = {
    own: true,
    filter,
    offer: (event: LogEvent): void => {
      if (early) early.push(event)
      else take(event)
    },
  } as const
  bus.add(listener)
  const forget = peer.onEnd(() => resolve('unknown'))
  try {
    const { events } = await log.read((reader) => pageNewest(reader, filter, limits.pageEvents))
    for (const event of events) take(event)
    const last = events.at(-1)?.seq ?? 0
    for (const event of early) if (event.seq > last) take(event)
    early = undefined
    if (!look.known) resolve('unknown')
    return await promise
  } finally {
    bus.remove(listener)
    forget()
  }
}

/** Reads the events of a session in their order. */
const lookingFor = (message: string) => {
  let known = false
  /** the turn that saw it; in an older Claude Code it has no name */
  let seen: { turn: string | undefined } | undefined
  /** the end of a turn may be what proves that it was seen */
  let end: LogEvent | undefined

  const receipt = ({ type, data }: LogEvent): Outcome | undefined => {
    if (textIn(data, 'message') !== message) return undefined
    known = true
    if (type === 'message.expired') return 'expired'
    if (type !== 'message.seen') return undefined
    seen = { turn: textIn(data, 'turn') }
    return end && textIn(data, 'event') === end.id ? answerAt(end) : undefined
  }

  const answerAt = ({ type, data }: LogEvent): Answered => {
    const of = { turn: seen?.turn ?? '', result: textIn(data, 'last_assistant_message') ?? '' }
    return type === 'Stop'
      ? { ...of, ok: true }
      : { ...of, ok: false, error: textIn(data, 'error') ?? 'It failed' }
  }

  return {
    get known(): boolean {
      return known
    },
    at: (event: LogEvent): Outcome | undefined => {
      const { type } = event
      if (type.startsWith('message.')) return receipt(event)
      if (event.by !== hookName || !telling.has(type)) return undefined
      if (type === 'Stop' || type === 'StopFailure') end = event
      if (!seen) return undefined
      if (type === 'SessionEnd') return 'expired'
      const { data } = event
      const isOther = textIn(data, 'prompt_id') !== seen.turn
      if (type !== 'UserPromptSubmit') return isOther ? undefined : answerAt(event)
      return isOther
        ? { turn: seen.turn ?? '', ok: false, result: '', error: 'The turn was interrupted' }
        : undefined
    },
  }
}
