// `paid hook`, run by Claude Code for every hook event: stdin goes to the daemon, the daemon's reply to stdout.
// It promises: whatever is wrong (no daemon, a hung one, garbage, a full disk) it says nothing and exits 0, because
// anything else would show "hook failed" to the user or block a tool; an event that the daemon did not answer goes
// to the spool under the key it was sent with, so that both copies are one event.
// It is started for every tool call, so its path imports no zod, no citty, no node:fs and never touches process.stdout.

import { homeOf, type Paths, pathsOf } from '../../paths.ts'
import { causeHeader, causeVariable, encodeCause } from '../../protocol/cause.ts'
import { limits } from '../../protocol/limits.ts'
import { post } from '../hooks/post.ts'
import type { Reply } from '../hooks/reply.ts'
import { readStdin } from '../hooks/stdin.ts'
import { isOwnHome } from '../own-home.ts'

const help = `paid hook is run by Claude Code, not by hand: it reads one hook event as JSON on stdin.

  paid hooks install     have Claude Code run it for every event
  paid tail              watch what arrives
  echo '{"hook_event_name":"Stop","session_id":"test"}' | paid hook     try it`

/** Resolves to the exit code, 0 but for a person at a terminal (2). Never rejects. */
export const runHook = async (): Promise<number> => {
  try {
    const [body, paths] = await Promise.all([readStdin(limits.hookBodyBytes), ownPaths()])
    if (body === 'terminal') {
      console.error(help)
      return 2
    }
    if (paths && body !== 'too large' && looksLikeObject(body)) await deliver(paths, body)
  } catch {
    // silence is the promise
  }
  return 0
}

/** Undefined when there is no home, or one of somebody else: nothing is handed to whoever listens there. */
const ownPaths = async (): Promise<Paths | undefined> => {
  try {
    const paths = pathsOf(homeOf(process.env))
    return (await isOwnHome(paths.home)) ? paths : undefined
  } catch {
    return undefined
  }
}

const deliver = async (paths: Paths, body: Uint8Array): Promise<void> => {
  const key = Bun.randomUUIDv7()
  const occurredAt = Date.now()
  const path = '/hooks/claude'
  const cause = process.env[causeVariable]
  const reply = await post({
    socket: paths.httpSocket,
    path,
    headers: {
      'content-type': 'application/json',
      'idempotency-key': key,
      'x-paid-occurred-at': String(occurredAt),
      ...(cause && { [causeHeader]: encodeCause(cause) }),
    },
    body,
    headersMs: limits.hookHeadersMs,
  })
  if (reply && reply.status < 300) await Bun.write(Bun.stdout, reply.body)
  else if (isWorthKeeping(reply)) {
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
}

/** No reply, a server's fault, or "later": sending it again may work. Any other refusal would come again. */
const isWorthKeeping = (reply: Reply | undefined): boolean =>
  reply === undefined || reply.status >= 500 || [408, 425, 429].includes(reply.status)

/** Cheap enough for 16 MiB; the daemon judges the rest. */
const looksLikeObject = (body: Uint8Array): boolean =>
  body[body.findIndex(isInk)] === 0x7b && body[body.findLastIndex(isInk)] === 0x7d

const isInk = (byte: number): boolean => byte > 0x20
