// `paid hook`, run by Claude Code for every hook event: stdin goes to the daemon, the daemon's reply to stdout.
// It promises: whatever is wrong (no daemon, a hung one, garbage, a full disk) it says nothing and exits 0, because
// anything else would show "hook failed" to the user or block a tool; an event that the daemon did not answer goes
// to the spool under the key it was sent with, so that both copies are one event. Only where a guard says that nothing is
// to be touched while no daemon runs is that what Claude Code is told.
// It is started for every tool call, so its path imports no zod, no citty, no node:fs and never touches process.stdout.

import type { Paths } from '../../paths.ts'
import { replyHeader } from '../../protocol/hook-reply.ts'
import { limits } from '../../protocol/limits.ts'
import { deliver, ownPaths } from '../hooks/deliver.ts'
import { readStdin } from '../hooks/stdin.ts'

const help = `paid hook is run by Claude Code, not by hand: it reads one hook event as JSON on stdin.

  paid hooks install     have Claude Code run it for every event
  paid tail              watch what arrives
  echo '{"hook_event_name":"Stop","session_id":"test"}' | paid hook     try it`

/**
 * Resolves to the exit code, 0 but for a person at a terminal (2). Never rejects.
 * @param words `--reply`: Claude Code waits for it, and reads what it prints; `--rewake`: it waits beside a session
 * that does nothing, and its code is 2 when it wakes it
 */
export const runHook = async (words: readonly string[] = []): Promise<number> => {
  try {
    const [body, paths] = await Promise.all([readStdin(limits.hookBodyBytes), ownPaths()])
    if (body === 'terminal') {
      console.error(help)
      return 2
    }
    if (!paths || body === 'too large' || !looksLikeObject(body)) return 0
    if (words.includes('--rewake')) return await (await import('../hooks/rewake.ts')).waitBeside(paths, body)
    await tell(paths, body, words.includes('--reply'))
  } catch {
    // silence is the promise
  }
  return 0
}

const tell = async (paths: Paths, body: Uint8Array, isRead: boolean): Promise<void> => {
  const reply = await deliver(paths, {
    path: '/hooks/claude',
    key: Bun.randomUUIDv7(),
    occurredAt: Date.now(),
    body,
    headers: isRead ? {} : { [replyHeader]: 'none' },
  })
  const answer = reply?.body ?? (isRead ? await withoutDaemon(paths, body) : undefined)
  if (answer) await Bun.write(Bun.stdout, answer)
}

/** Most homes have no guards, and then this is one look at a file that is not there. */
const withoutDaemon = async ({ guards }: Paths, body: Uint8Array): Promise<string | undefined> => {
  if (!(await Bun.file(guards).exists())) return undefined
  const { deniedBy } = await import('../hooks/without-daemon.ts')
  return deniedBy(guards, body)
}

/** Cheap enough for 16 MiB; the daemon judges the rest. */
const looksLikeObject = (body: Uint8Array): boolean =>
  body[body.findIndex(isInk)] === 0x7b && body[body.findLastIndex(isInk)] === 0x7d

const isInk = (byte: number): boolean => byte > 0x20
