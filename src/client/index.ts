// THE TELEPHONE: how a program talks to a running daemon, over its socket or its address.
//   const paid = await connect()
//   await paid.call('event.publish', { type: 'build.finished' })
//   for await (const event of paid.subscribe({ channel: 'session:*' })) …
//   await using lock = await paid.lock('build', { wait: '1m' })
// It promises: calls typed from the method table, errors as PaidError with code and hint, subscriptions and locks that
// survive a restart of the daemon without gap or double.
// It refuses: anything that slows a start (no schemas at run time), and to keep a process alive after `close`.

import { homedir } from 'node:os'
import { causeFrom } from '../protocol/cause.ts'
import { PaidError } from '../protocol/error.ts'
import { createClient } from './client.ts'
import type { Open } from './line.ts'
import { withHeartbeat } from './lines/heartbeat.ts'
import { unixLine } from './lines/unix.ts'
import { webLine } from './lines/web.ts'
import type { Connect, ConnectOptions } from './types.ts'

export type * from './types.ts'
export { PaidError }

/** Throws `not_running` when no daemon answers, and its own refusal when it does not let us in. */
export const connect: Connect = async (options = {}) =>
  // a program that an action runs hands on what that acts upon, so that no rule answers itself
  await createClient(lineOf(options), options, causeFrom(process.env))

const lineOf = ({ url, socket, home, token }: ConnectOptions): Open => {
  const given = [url, socket, home].filter((each) => each !== undefined)
  if (given.length > 1) throw new PaidError('bad_request', 'Give one: url, socket or home')
  if (url !== undefined) return withHeartbeat(webLine(url, token))
  return unixLine(socket ?? `${home ?? ownHome()}/paid.sock`)
}

const ownHome = (): string => process.env['PAID_HOME'] || `${process.env['HOME'] || homedir()}/.paid`
