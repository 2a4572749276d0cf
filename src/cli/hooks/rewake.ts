// `paid hook --rewake`, run by Claude Code beside a session whose turn is over: it waits until something is said to the
// session, says it on stderr and exits 2, with which Claude Code wakes its session. There is one for each idle session.
// It ends by itself when the session goes on or ends, when its Claude Code is gone, and when no daemon comes back.

import { isRunning } from '../../lib/is-running.ts'
import type { Paths } from '../../paths.ts'
import { post } from './post.ts'
import type { Reply } from './reply.ts'

const wakes = 2
/** Claude Code's own bound of such a hook is a day, as it is installed */
const dayMs = 24 * 3600 * 1000
const againMs = 1000
/** a daemon that is restarted is back by then */
const tries = 30
const lookEveryMs = 10_000

/** Resolves with the exit code. */
export const waitBeside = async (paths: Paths, hook: Uint8Array): Promise<number> => {
  // nobody is there to be woken for: a `claude -p` would not end before this does
  if (process.env['CLAUDE_CODE_SESSION_ATTENDED'] === '0') return 0
  const id = textIn(hook, 'session_id')
  if (id === undefined) return 0
  const claude = Number(process.env['CLAUDE_PID']) || process.ppid
  const looking = setInterval(() => {
    if (!isRunning(claude)) process.exit(0)
  }, lookEveryMs)
  try {
    for (let failed = 0; failed < tries; failed++) {
      const began = performance.now()
      const reply = await ask(paths, id)
      if (reply && reply.status < 500) {
        const text = reply.status === 200 ? textIn(reply.body, 'text', 'result') : undefined
        if (text === undefined) return 0
        await Bun.write(Bun.stderr, text)
        return wakes
      }
      if (performance.now() - began > againMs) failed = 0
      await Bun.sleep(againMs)
    }
    return 0
  } finally {
    clearInterval(looking)
  }
}

const ask = (paths: Paths, id: string): Promise<Reply | undefined> =>
  post({
    socket: paths.httpSocket,
    path: '/call/session.idle',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ id })),
    headersMs: dayMs,
  })

const textIn = (json: Uint8Array, name: string, inside?: string): string | undefined => {
  const whole = Object(JSON.parse(new TextDecoder().decode(json)))
  const value: unknown = (inside === undefined ? whole : Object(whole[inside]))[name]
  return typeof value === 'string' ? value : undefined
}
