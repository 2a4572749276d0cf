// What a delivery sets off: an event on a channel, or a run of an action. Both are told of on the webhook's channel, in
// the commit that makes them so.

import { PaidError } from '../../protocol/error.ts'
import type { Bus } from '../../core/bus.ts'
import type { Dispatch } from '../../core/dispatch.ts'
import type { Ground } from '../../core/ground.ts'
import type { Transaction } from '../../core/log.ts'
import { createPeer } from '../../core/peer.ts'
import { causeIn } from './args.ts'
import { type Answer, answerOf, channelOf, keep, type Kept, publishedAnswer } from './deliveries.ts'
import { type Hook, secretsOf } from './registry.ts'

/** What is to be done: for a delivery of its sender, or once more. `argsText` is the JSON of `args`. */
export type Wish = { hook: Hook; delivery: string; args: unknown; argsText: string }

export type ActingGround = Pick<Ground, 'log' | 'clock' | 'steady' | 'logger'> & {
  /** nobody is told what nobody hears */
  bus: Pick<Bus, 'size'>
  dispatch: Dispatch
}

/** an action that fails so was not begun, so that a sender may try again */
const notBegun = new Set<string>([
  'busy',
  'unknown_action',
  'not_available',
  'too_many_sessions',
  'no_claude',
  'storage_full',
])

/** so often the end of a run is tried again that the disk does not take */
const againMs = 1000

/** failures whose own status a sender is told; all others are 500 */
const told = new Set<string>(['busy', 'not_available', 'stopping', 'storage_full'])

export const createActing = ({ log, bus, dispatch, clock, steady, logger }: ActingGround) => {
  const tell = ({ append }: Transaction, { hook, delivery, args }: Wish, type: string, data: object): void =>
    void append({
      namespace: hook.namespace,
      channel: channelOf(hook.name),
      type,
      by: `webhook:${hook.name}`,
      dataText: JSON.stringify({ delivery, ...data }),
      ...originOf(args),
    })

  /** Publishes in the same commit that keeps the delivery: nothing can come between. */
  const publish = ({ append }: Transaction, { hook, args, argsText }: Wish, channel: string) => {
    const { id } = append({
      namespace: hook.namespace,
      channel,
      type: hook.name,
      by: `webhook:${hook.name}`,
      dataText: argsText,
      ...originOf(args),
    })
    return { event: id, answer: publishedAnswer(id) }
  }

  /** Until the disk takes it: whoever sends it again would otherwise never learn how it ended. */
  const insist = async (write: (transaction: Transaction) => void): Promise<void> => {
    for (;;) {
      try {
        return await log.commit(write)
      } catch (error) {
        if (!(error instanceof PaidError) || error.code !== 'storage_full') throw error
        logger.warn('the end of a delivery could not be noted; it is tried again')
        await new Promise<void>((resolve) => void steady.wake(steady.now() + againMs, resolve))
      }
    }
  }

  const runAction = async (wish: Wish, action: string, kept: Kept): Promise<Answer> => {
    const { hook, delivery, args } = wish
    const began = steady.now()
    const peer = createPeer(`webhook:${hook.name}`, 'write', hook.namespace)
    const run = kept.runs.at(-1)
    const ended = await dispatch(peer, 'action.run', {
      name: action,
      args,
      cause: causeIn(args) ?? `webhook:${hook.name}/${delivery}`,
    }).then(
      ({ run: id, result }) => ({
        state: 'done' as const,
        answer: { status: 200, text: `{"success":true,"data":${JSON.stringify(result ?? null)}}` },
        about: { run: id },
      }),
      (thrown: unknown) => {
        const { code, message, status } = thrown instanceof PaidError ? thrown : new PaidError('internal')
        const error = withoutSecrets(message, hook, clock.now())
        return {
          state: notBegun.has(code) ? 'refused' : code === 'stopping' ? 'lost' : 'failed',
          answer: { status: told.has(code) ? status : 500, text: JSON.stringify({ error }) },
          about: { error },
        } as const
      },
    )
    const durationMs = steady.now() - began
    if (run) Object.assign(run, { state: ended.state, durationMs, ...ended.about })
    await insist((transaction) => {
      // who was told 202 is told that again
      const before = answerOf(transaction, kept)?.answer
      keep(transaction, { ...kept, state: ended.state, answer: before ?? ended.answer })
      tell(transaction, wish, `webhook.${ended.state === 'done' ? 'finished' : ended.state}`, {
        ...ended.about,
        durationMs,
      })
    })
    if (ended.state === 'done') announce(hook)
    return ended.answer
  }

  /** What the photon daemon's clients listen for. */
  const announce = ({ namespace, name }: Hook): void => {
    if (bus.size === 0) return
    void log.emit({
      namespace,
      channel: `webhooks:${namespace}`,
      type: 'message',
      by: `webhook:${name}`,
      dataText: JSON.stringify({ event: 'webhook-received', method: name, timestamp: clock.now() }),
    })
  }

  return { tell, publish, runAction, announce }
}

/** What a sender that an action of ours called acts upon: all that comes of it says so. */
export const originOf = (args: unknown): { originText?: string } => {
  const cause = causeIn(args)
  return cause === undefined ? {} : { originText: JSON.stringify({ cause }) }
}

/** A failure's reason as a stranger may read it. */
const withoutSecrets = (message: string, hook: Hook, now: number): string =>
  secretsOf(hook, now)
    .filter((secret) => secret !== '')
    .reduce((text, secret) => text.replaceAll(secret, '[secret]'), message)
