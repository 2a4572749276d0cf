// Handing what a hook has to the daemon, or to the spool while nobody answers. Its promise is that of `paid hook`: it
// imports no package, and what was not answered is kept under the key it was sent with, so that both copies are one.

import { homeOf, type Paths, pathsOf } from '../../paths.ts'
import { causeFrom, causeHeader, encodeCause } from '../../protocol/cause.ts'
import { limits } from '../../protocol/limits.ts'
import { isOwnHome } from '../own-home.ts'
import { post } from './post.ts'
import type { Reply } from './reply.ts'

/** Undefined when there is no home, or one of somebody else: nothing is handed to whoever listens there. */
export const ownPaths = async (): Promise<Paths | undefined> => {
  try {
    const paths = pathsOf(homeOf(process.env))
    return (await isOwnHome(paths.home)) ? paths : undefined
  } catch {
    return undefined
  }
}

type Delivery = {
  path: string
  key: string
  occurredAt: number
  body: Uint8Array
  headers?: Record<string, string>
}

/** The daemon's answer when it took it; undefined when it waits in the spool, or would be refused again. */
export const deliver = async (
  paths: Paths,
  { path, key, occurredAt, body, headers }: Delivery,
): Promise<Reply | undefined> => {
  const cause = causeFrom(process.env)
  const reply = await post({
    socket: paths.httpSocket,
    path,
    headers: {
      'content-type': 'application/json',
      'idempotency-key': key,
      'x-paid-occurred-at': String(occurredAt),
      ...headers,
      ...(cause && { [causeHeader]: encodeCause(cause) }),
    },
    body,
    headersMs: limits.hookHeadersMs,
  })
  if (reply && reply.status < 300) return reply
  if (isWorthKeeping(reply)) {
    // whatever the shell's mask takes, the daemon must be able to read it, and nobody else
    process.umask(0o077)
    const { spoolAt } = await import('../../lib/spool.ts')
    spoolAt(paths.spool, limits.spoolBytes).write({
      key,
      occurredAt,
      path,
      ...(cause && { cause }),
      body,
    })
  }
  return undefined
}

/** No reply, a server's fault, or "later": sending it again may work. Any other refusal would come again. */
const isWorthKeeping = (reply: Reply | undefined): boolean =>
  reply === undefined || reply.status >= 500 || [408, 425, 429].includes(reply.status)
