// Messages for sessions that were started elsewhere. A session cannot be made to read: a message waits here until one of
// its hooks asks, and stays until a later event of the session proves that it was seen.
//
// Promises: what was queued is on disk. A message is told as delivered before it leaves, and leaves once; when the
// reply that held it never arrived, it waits again. What nobody saw is told as expired, at the session's end at last.
// Refuses: more than a session may have waiting, and a text that Claude Code would not show whole.

import { keepNewest } from '../../../lib/newest.ts'
import { sessionPrefix } from '../../../protocol/channel.ts'
import { PaidError } from '../../../protocol/error.ts'
import type { TellingHook } from '../../../protocol/hooks.ts'
import { limits } from '../../../protocol/limits.ts'
import { filterOf } from '../../../core/filter.ts'
import type { LogEvent } from '../../../core/log-event.ts'
import type { Transaction } from '../../../core/log.ts'
import { daemonName, originOf } from '../diary.ts'
import type { Told } from '../told.ts'
import type { SessionsGround } from '../ground.ts'
import { heardInbox, type Waiting, type Way } from './rows.ts'
import { isFields, textIn } from '../line.ts'
import { marked, markedAll } from './marked.ts'
import type { Message } from '../queue.ts'
import { queued, receipt } from '../receipts.ts'
import { inbox } from '../rows.ts'

/** who posts what hooks of Claude Code say */
export const hookName = 'hook:claude'
/** what Claude Code does only after it read the replies to the hooks before it */
const proving = new Set(['MessageDisplay', 'PreToolUse', 'PermissionRequest', 'PostToolBatch', 'Stop'])
/** so often in a row: Claude Code itself ends it the ninth time */
const mostSentOn = 4
/** of so many sessions it is known */
const rememberedSessions = 1000

type Ground = Pick<SessionsGround, 'log' | 'bus' | 'database' | 'clock' | 'steady' | 'logger' | 'isSpooled'>
type Inbox = { waiting: Waiting[]; /** on their way to disk */ coming: number; unwatch: () => void }
export type HeardMessages = ReturnType<typeof createHeardMessages>

export const createHeardMessages = ({ log, bus, database, clock, steady, logger, isSpooled }: Ground) => {
  const inboxes = new Map<string, Inbox>()
  /** how often in a row a session was sent on at the end of its turn */
  const sentOn = new Map<string, number>()
  let callOff = (): void => {}

  const sendOn = (id: string, times: number): void => {
    sentOn.delete(id)
    sentOn.set(id, times)
    keepNewest(sentOn, rememberedSessions)
  }

  const append = (
    transaction: Transaction,
    session: string,
    { type, by = daemonName, cause, data }: Told,
  ): LogEvent =>
    transaction.append({
      namespace: '',
      channel: `${sessionPrefix}${session}`,
      type,
      by,
      originText: originOf(cause),
      dataText: JSON.stringify(data),
    })

  const inboxOf = (id: string): Inbox => {
    const known = inboxes.get(id)
    if (known) return known
    const listener = {
      own: true,
      filter: filterOf('', { channel: `${sessionPrefix}${id}` }),
      offer: (event: LogEvent): void => look(id, event),
    } as const
    bus.add(listener)
    const made: Inbox = { waiting: [], coming: 0, unwatch: () => bus.remove(listener) }
    inboxes.set(id, made)
    return made
  }

  /** They wait no longer. */
  const drop = (id: string, gone: readonly Waiting[]): void => {
    const inboxNow = inboxes.get(id)
    if (!inboxNow) return
    inboxNow.waiting = inboxNow.waiting.filter((each) => !gone.includes(each))
    if (inboxNow.waiting.length + inboxNow.coming > 0) return
    inboxNow.unwatch()
    inboxes.delete(id)
  }

  /** Tells the end of each, and forgets it. */
  const end = async (
    id: string,
    messages: readonly Waiting[],
    step: 'seen' | 'expired',
    data: object,
  ): Promise<void> => {
    if (messages.length === 0) return
    drop(id, messages)
    try {
      await log.commit((transaction) => {
        for (const each of messages) {
          append(transaction, id, receipt(step, each, data))
          inbox.remove(transaction.database, { namespace: '', id }, each.id)
        }
      })
    } catch (error) {
      // its row is there still: the next daemon looks again
      logger.error('what became of a message could not be written', { session: id, step, error })
    }
  }

  const expire = (id: string, isDue: (each: Waiting) => boolean, why: string): Promise<void> =>
    end(id, inboxes.get(id)?.waiting.filter(isDue) ?? [], 'expired', { why })

  /** What an event of the session proves of what waits for it. */
  const look = (id: string, event: LogEvent): void => {
    if (event.by !== hookName) return
    const data = event.data
    if (!isFields(data) || data['agent_id'] !== undefined) return
    const at = event.occurredAt ?? event.at
    if (event.type === 'SessionEnd') {
      sentOn.delete(id)
      void expire(id, (each) => each.at <= at, 'The session has ended')
      return
    }
    const prompt = event.type === 'UserPromptSubmit' ? (textIn(data, 'prompt') ?? '') : ''
    const isSeen = ({ id: message, given }: Waiting): boolean => {
      if (!given) return false
      if (given.how === 'inbox' || given.how === 'rewake') return prompt.includes(message)
      const isLater = event.seq > given.seq && at >= given.at
      return proving.has(event.type) && isLater && (given.key === undefined || !isSpooled(given.key))
    }
    const seen = inboxes.get(id)?.waiting.filter(isSeen) ?? []
    const turn = textIn(data, 'prompt_id')
    void end(id, seen, 'seen', { ...(turn !== undefined && { turn }), event: event.id })
  }

  const expireDue = (): void => {
    const isDue = ({ at }: Waiting): boolean => at + limits.heardMessageMs <= clock.now()
    for (const id of inboxes.keys()) void expire(id, isDue, 'The session did not read it in time')
    wakeForNext()
  }

  const wakeForNext = (): void => {
    callOff()
    const first = Math.min(...[...inboxes.values()].flatMap(({ waiting }) => waiting.map(({ at }) => at)))
    if (first === Infinity) return
    callOff = steady.wake(steady.now() + first + limits.heardMessageMs - clock.now(), expireDue)
  }

  for (const [id, waiting] of heardInbox.all(database)) inboxOf(id).waiting = waiting
  expireDue()

  /** Tells that they were handed over; then they may leave. Throws `storage_full`: then they wait on. */
  const give = async (id: string, messages: readonly Waiting[], how: Way, key?: string): Promise<string> => {
    const given = { how, at: clock.now(), key, seq: Infinity }
    for (const each of messages) each.given = given
    try {
      given.seq = await log.commit((transaction) => {
        let { seq } = given
        for (const each of messages) {
          seq = append(transaction, id, receipt('delivered', each, { how })).seq
          heardInbox.give(transaction.database, id, each, given)
        }
        return seq
      })
    } catch (error) {
      for (const each of messages) each.given = undefined
      throw error
    }
    return markedAll(messages)
  }

  /** They wait again. */
  const takeBack = async (id: string, messages: readonly Waiting[]): Promise<void> => {
    await log.commit((transaction) => {
      for (const each of messages) {
        const { data, ...told } = queued(each)
        append(transaction, id, { ...told, by: daemonName, data: { ...data, again: true } })
        heardInbox.give(transaction.database, id, each, undefined)
      }
    })
    for (const each of messages) each.given = undefined
  }

  /** Those that go now, as many as Claude Code shows whole. */
  const fitting = (id: string, isWanted: (each: Waiting) => boolean): Waiting[] => {
    const free = inboxes.get(id)?.waiting.filter((each) => !each.given && isWanted(each)) ?? []
    let room = limits.heardTextCharacters
    const taken: Waiting[] = []
    for (const each of free) {
      room -= marked(each).length + (taken.length > 0 ? 2 : 0)
      if (room < 0) break
      taken.push(each)
    }
    return taken
  }

  return {
    /** How many wait for a session. */
    count: (id: string): number => inboxes.get(id)?.waiting.filter(({ given }) => !given).length ?? 0,

    /** Throws `busy`, `too_large`, `storage_full`. Resolves when it is kept. */
    add: async (id: string, message: Message): Promise<void> => {
      if (marked(message).length > limits.heardTextCharacters)
        throw new PaidError(
          'too_large',
          `A session that was started elsewhere is told ${limits.heardTextCharacters} characters at once`,
          'Write it into a file, and say where it is.',
        )
      const into = inboxOf(id)
      if (into.waiting.length + into.coming >= limits.sessionQueue)
        throw new PaidError('busy', `${limits.sessionQueue} messages wait for this session already`)
      const each: Waiting = { ...message, at: clock.now(), given: undefined }
      into.coming++
      try {
        await log.commit((transaction) => {
          const { seq } = append(transaction, id, queued(each))
          heardInbox.add(transaction.database, id, each, seq)
        })
        into.waiting.push(each)
      } finally {
        into.coming--
        drop(id, [])
      }
      wakeForNext()
    },

    /** What a session is to be told at this hook. Told as delivered when this resolves. */
    atHook: async ({ id, type, again, key }: Hook): Promise<{ context?: string }> => {
      const isStop = type === 'Stop'
      if (isStop && !again) sentOn.delete(id)
      if (!inboxes.has(id)) return {}
      // somebody else may have sent it on
      const before = sentOn.get(id) ?? (again ? 1 : 0)
      if (isStop && before >= mostSentOn) return {}
      const goesNow = ({ urgency }: Waiting): boolean =>
        type === 'UserPromptSubmit' || urgency === 'now' || (isStop && urgency === 'next-turn')
      const wanted = fitting(id, goesNow)
      if (wanted.length === 0) return {}
      if (isStop) sendOn(id, before + 1)
      return { context: await give(id, wanted, isStop ? 'stop' : 'hook', key) }
    },

    /** Hands over those that nobody took yet; what cannot leave waits on. Resolves with whether something left. */
    handOver: async (
      id: string,
      isWanted: (each: Waiting) => boolean,
      how: Way,
      leave: (text: string) => Promise<boolean>,
    ): Promise<boolean> => {
      const wanted = fitting(id, isWanted)
      if (wanted.length === 0) return false
      if (await leave(await give(id, wanted, how))) return true
      await takeBack(id, wanted)
      return false
    },

    /** The reply to a hook never arrived: what was in it waits again. Resolves with how many. */
    unanswered: async (id: string, key: string): Promise<number> => {
      const back = inboxes.get(id)?.waiting.filter(({ given }) => given?.key === key) ?? []
      if (back.length === 0) return 0
      await takeBack(id, back)
      return back.length
    },

    /** Nothing reaches it this way any more. */
    expireAll: (id: string, why: string): Promise<void> => expire(id, () => true, why),

    close: (): void => callOff(),
  }
}

type Hook = { id: string; type: TellingHook; again: boolean; key?: string | undefined }
