// Runs a prompt: a session of Claude Code of its own, which ends with the run. What Claude answers is the result.

import { createPeer, type Peer } from '../../core/peer.ts'
import type { Dispatch } from '../../core/dispatch.ts'
import { type Outcome, resultOf, RunFailed } from './outcome.ts'

export const runPrompt = async ({
  name,
  text,
  args,
  run,
  cause,
  peer,
  signal,
  dispatch,
}: {
  name: string
  text: string
  args: unknown
  run: string
  cause: string | undefined
  peer: Peer
  /** aborts with the failure that the run then has */
  signal: AbortSignal
  dispatch: Dispatch
}): Promise<Outcome> => {
  const caller = createPeer(peer.by, 'write', peer.namespace, undefined, cause)
  const { session, message = '' } = await dispatch(caller, 'session.spawn', {
    prompt: hasArgs(args) ? `${text}\n\n${JSON.stringify(args)}` : text,
    title: name,
    labels: { action: name, run },
  })
  const { id } = session
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  try {
    const answer = await Promise.race([dispatch(caller, 'session.wait', { id, message }), aborted.promise])
    if (!answer.ok) throw new RunFailed('thrown', answer.error ?? 'It failed')
    return resultOf(answer.result, false)
  } finally {
    signal.removeEventListener('abort', abort)
    // a daemon that stops ends its sessions by itself
    await dispatch(caller, 'session.stop', { id, why: 'Its run is over' }).catch(() => {})
  }
}

const hasArgs = (args: unknown): boolean =>
  args !== undefined && args !== null && JSON.stringify(args) !== '{}'
