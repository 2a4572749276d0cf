// Runs an HTTP request: arguments as its JSON body (of a GET or HEAD: as its query), what is answered is the result. It
// is tried again when that may help: no connection, 408, 429, 5xx; every try carries the same `Idempotency-Key`, so that
// who cares can tell one that was heard already. A redirect is followed on the same host alone, because the headers may
// hold secrets. None of them, nor a query, is in what is said of a failure.

import { causeHeader, encodeCause } from '../../protocol/cause.ts'
import { version } from '../../version.ts'
import type { SteadyClock } from '../../lib/steady-clock.ts'
import { createKept, type Outcome, resultOf, RunFailed } from './outcome.ts'
import { nextPlace, type Place, shownPlace } from './redirect.ts'

const tries = 5
/** for one try, to its last byte */
const tryMs = 30_000
/** doubled with every try, and each of another length than everybody else's */
const firstPauseMs = 500
/** whoever asks to wait longer (`Retry-After`) is not waited for */
const longestPauseMs = 60_000
/** of what is answered with a failure */
const saidCharacters = 500
const redirects = 5

export type Request = {
  readonly method: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>> | undefined
}

type Answer = { response: Response; kept: ReturnType<typeof createKept>; place: Place }

/** What may help to try again after, at once or after a while; undefined: nothing does. */
type Again = { failure: RunFailed; pauseMs: number | undefined }

export const runRequest = async (
  request: Request,
  {
    args,
    run,
    cause,
    signal,
    steady,
  }: { args: unknown; run: string; cause: string; signal: AbortSignal; steady: SteadyClock },
): Promise<Outcome> => {
  const headers = new Headers({ 'content-type': 'application/json', 'user-agent': `paid/${version}` })
  headers.set('idempotency-key', run)
  for (const [name, value] of Object.entries(request.headers ?? {})) headers.set(name, value)
  headers.set('x-paid-run', run)
  headers.set(causeHeader, encodeCause(cause))
  const first = placeOf(request, args)
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptAt(first, headers, signal)
    if ('result' in outcome) return outcome
    const pauseMs = outcome.pauseMs ?? firstPauseMs * 2 ** (attempt - 1) * (0.5 + Math.random())
    if (attempt === tries || pauseMs > longestPauseMs) throw outcome.failure
    await pause(steady, pauseMs, signal)
  }
}

const placeOf = ({ method, url }: Request, args: unknown): Place => {
  if (method !== 'GET' && method !== 'HEAD') return { method, url: new URL(url), body: JSON.stringify(args) }
  const asked = new URL(url)
  if (typeof args === 'object' && args !== null)
    for (const [name, value] of Object.entries(args))
      if (['string', 'number', 'boolean'].includes(typeof value)) asked.searchParams.set(name, String(value))
  return { method, url: asked, body: undefined }
}

/** One try. Throws what no other try would change. */
const attemptAt = async (first: Place, headers: Headers, signal: AbortSignal): Promise<Outcome | Again> => {
  const late = AbortSignal.timeout(tryMs)
  let answer: Answer
  try {
    answer = await follow(first, headers, AbortSignal.any([signal, late]))
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (error instanceof RunFailed) throw error
    const why = late.aborted ? `no answer within ${tryMs / 1000} s` : networkReason(error)
    return { failure: new RunFailed('network', `${shownPlace(first)}: ${why}`), pauseMs: undefined }
  }
  const { response, kept, place } = answer
  const { status } = response
  if (response.ok) return { ...resultOf(kept.text, kept.truncated), status }
  const said = kept.text.trim().slice(0, saidCharacters)
  const message = `HTTP ${status} from ${shownPlace(place)}${said === '' ? '' : `: ${said}`}`
  const failure = new RunFailed('http', message, { status })
  if (status !== 408 && status !== 429 && status < 500) throw failure
  return { failure, pauseMs: askedPause(response.headers.get('retry-after')) }
}

/** The answer to a request, or to where it is sent on the same host. */
const follow = async (first: Place, headers: Headers, signal: AbortSignal): Promise<Answer> => {
  let place = first
  for (let hop = 0; ; hop++) {
    const { method, url, body } = place
    const response = await fetch(url, {
      method,
      headers,
      redirect: 'manual',
      signal,
      ...(body !== undefined && { body }),
    })
    const next = nextPlace(place, response)
    if (next === undefined) return { response, kept: await read(response), place }
    await response.body?.cancel()
    if (hop === redirects)
      throw new RunFailed('http', `${shownPlace(first)} is redirected more than ${redirects} times`)
    place = next
  }
}

/** The beginning of a body; the rest is not waited for. */
const read = async (response: Response): Promise<ReturnType<typeof createKept>> => {
  const kept = createKept()
  const reader = response.body?.getReader()
  for (let next = await reader?.read(); next?.value && !kept.truncated; next = await reader?.read())
    kept.take(next.value)
  if (kept.truncated) await reader?.cancel()
  return kept
}

/** `Retry-After`: seconds, or a date. */
const askedPause = (header: string | null): number | undefined => {
  if (header === null) return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}

const networkReason = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? `no connection (${code})` : 'no connection'
}

const pause = (steady: SteadyClock, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(failureOf(signal))
    const cancel = steady.wake(steady.now() + Math.ceil(ms), () => {
      signal.removeEventListener('abort', abort)
      resolve()
    })
    const abort = (): void => {
      cancel()
      reject(failureOf(signal))
    }
    signal.addEventListener('abort', abort, { once: true })
  })

const failureOf = ({ reason }: AbortSignal): Error =>
  reason instanceof Error ? reason : new RunFailed('stopped', 'It was ended')
