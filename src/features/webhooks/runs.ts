// The runs of deliveries: what was sent is published, or an action is run with it, and its sender is answered. A delivery
// is on disk before anything is done for it, and its answer before it is given; who sends it again meanwhile waits for
// the same answer. A run is begun once: how far one came whose end was not written, nobody knows, so it is lost.

import { PaidError } from '../../protocol/error.ts'
import { seqOfId } from '../../protocol/event.ts'
import { limits } from '../../protocol/limits.ts'
import type { Transaction } from '../../core/log.ts'
import { type ActingGround, createActing, originOf, type Wish } from './acting.ts'
import {
  acceptedText,
  type Answer,
  answerOf,
  channelOf,
  find,
  keep,
  type Kept,
  keyOf,
  unfinished,
} from './deliveries.ts'
import type { Hook } from './registry.ts'

/** Published in the commit that kept it, or kept and ready to run. */
type Begun = { published: true; answer: Answer } | { kept: Kept }

export const createRuns = (ground: ActingGround) => {
  const { log, clock, steady, logger } = ground
  const { tell, publish, runAction, announce } = createActing(ground)
  /** the answers of those that run, for whoever sends them again */
  const flights = new Map<string, Promise<Answer>>()

  /** The run's own answer, or 202 when it takes longer than a sender waits. */
  const answerInTime = async (wish: Wish, kept: Kept, running: Promise<Answer>): Promise<Answer> => {
    if (kept.answer) return kept.answer
    const late = Promise.withResolvers<undefined>()
    const cancel = steady.wake(steady.now() + limits.webhookAnswerMs, () => late.resolve(undefined))
    const answer = await Promise.race([running, late.promise]).finally(cancel)
    if (answer) return answer
    return await log.commit((transaction) => {
      const known = answerOf(transaction, kept)
      if (known && known.state !== 'running' && known.answer) return known.answer
      const accepted = { status: 202, text: acceptedText(wish.delivery) }
      keep(transaction, { ...kept, answer: accepted })
      return accepted
    })
  }

  /** Runs it, and gives what is answered; `flights` knows it until it has ended. */
  const fly = (flight: string, wish: Wish, action: string, kept: Kept): Promise<Answer> => {
    const running = runAction(wish, action, kept)
    const answer = answerInTime(wish, kept, running)
    flights.set(flight, answer)
    running
      .catch((error: unknown) =>
        logger.error('a delivery could not be noted', { webhook: wish.hook.name, error }),
      )
      .finally(() => {
        if (flights.get(flight) === answer) flights.delete(flight)
      })
    return answer
  }

  const firstRun = (by: string, state: Kept['state'], event?: string) => [
    { at: clock.now(), by, state, ...(event !== undefined && { event }) },
  ]

  const begin = async (wish: Wish, flight: string): Promise<Answer> => {
    const { hook, delivery, argsText } = wish
    const { channel, action = '' } = hook
    const by = `webhook:${hook.name}`
    const key = keyOf(hook.name, delivery)
    const received = {
      namespace: hook.namespace,
      channel: channelOf(hook.name),
      type: 'webhook.received',
      by,
      key,
      ...originOf(wish.args),
    }
    const store = (transaction: Transaction): Begun | { answer: Answer } => {
      const before = find(transaction, hook.namespace, hook.name, delivery)?.kept
      if (before && before.state !== 'refused') return { answer: before.answer ?? lostAnswer }
      if (channel !== undefined && !before) {
        const { event, answer } = publish(transaction, wish, channel)
        transaction.append({
          ...received,
          dataText: `{"delivery":${JSON.stringify(delivery)},"event":"${event}"}`,
        })
        return { answer, published: true }
      }
      const again = before && restarted(transaction, wish, before, by)
      if (again) return again
      const { seq } = transaction.append({
        ...received,
        dataText: `{"delivery":${JSON.stringify(delivery)},"args":${argsText}}`,
      })
      const answer = hook.async ? { status: 202, text: acceptedText(delivery) } : undefined
      const kept: Kept = { seq, delivery, state: 'running', answer, runs: firstRun(by, 'running') }
      keep(transaction, kept)
      return { kept }
    }
    let stored: ReturnType<typeof store> | undefined
    try {
      stored = await log.commit(store, true)
    } finally {
      if (!stored || !('kept' in stored)) flights.delete(flight)
    }
    if ('kept' in stored) return await fly(flight, wish, action, stored.kept)
    if ('published' in stored) announce(hook)
    return stored.answer
  }

  /** One more run of a delivery that is kept: published at once, or with its row ready to run. */
  const restarted = (transaction: Transaction, wish: Wish, before: Kept, by: string): Begun => {
    const { channel } = wish.hook
    tell(transaction, wish, 'webhook.redelivered', { by })
    if (channel !== undefined) {
      const { event, answer } = publish(transaction, wish, channel)
      const runs = [...before.runs, ...firstRun(by, 'done', event)]
      keep(transaction, { ...before, state: 'done', answer, runs })
      return { answer, published: true }
    }
    const kept: Kept = {
      ...before,
      state: 'running',
      answer: undefined,
      runs: [...before.runs, ...firstRun(by, 'running')],
    }
    keep(transaction, kept)
    return { kept }
  }

  return {
    /** Does what a delivery asks for, once, and gives what its sender is answered, now and ever after. */
    deliver: (wish: Wish): Promise<Answer> => {
      const flight = `${wish.hook.namespace}\0${keyOf(wish.hook.name, wish.delivery)}`
      const under = flights.get(flight)
      if (under) return under
      const answer = begin(wish, flight)
      flights.set(flight, answer)
      return answer
    },

    /** Does it once more. Throws `unknown_delivery`, and `busy` while it runs. */
    redeliver: async (hook: Hook, delivery: string, by: string): Promise<Answer> => {
      const again = await log.commit((transaction) => {
        const known = find(transaction, hook.namespace, hook.name, delivery)
        if (!known)
          throw new PaidError(
            'unknown_delivery',
            `${JSON.stringify(hook.name)} has no delivery ${JSON.stringify(delivery)}`,
          )
        const { kept: before, event } = known
        if (before.state === 'running')
          throw new PaidError(
            'busy',
            'This delivery runs at the moment',
            'Wait for its end: `paid webhooks deliveries`.',
          )
        const argsText = argsTextOf(transaction, event.data)
        const wish = { hook, delivery, args: JSON.parse(argsText), argsText }
        return { wish, ...restarted(transaction, wish, before, by) }
      })
      if ('published' in again) {
        announce(hook)
        return again.answer
      }
      const flight = `${hook.namespace}\0${keyOf(hook.name, delivery)}`
      return await fly(flight, again.wish, hook.action ?? '', again.kept)
    },

    /** Those that ran when the daemon ended are lost, not run again: they may have done all they were to do. */
    loseUnfinished: (): Promise<void> =>
      log.commit((transaction) => {
        for (const { namespace, channel, ...kept } of unfinished(transaction.database)) {
          const run = kept.runs.at(-1)
          if (run) run.state = 'lost'
          keep(transaction, { ...kept, state: 'lost' })
          transaction.append({
            namespace,
            channel,
            type: 'webhook.lost',
            by: 'daemon:paid',
            dataText: JSON.stringify({ delivery: kept.delivery }),
          })
        }
      }),
  }
}

const lostAnswer: Answer = {
  status: 500,
  text: JSON.stringify({
    error:
      'The daemon ended while this delivery ran; how far it came is not known, and it is not run again by itself',
  }),
}

/** What was sent: in the delivery's event, or in the one that was published. */
const argsTextOf = ({ database }: Transaction, received: unknown): string => {
  if (typeof received !== 'object' || received === null) return '{}'
  if ('args' in received) return JSON.stringify(received.args)
  const seq = 'event' in received && typeof received.event === 'string' ? seqOfId(received.event) : undefined
  const row =
    seq && database.query<{ data: string }, [number]>('SELECT data FROM events WHERE seq = +?').get(seq)
  return row ? row.data : '{}'
}
