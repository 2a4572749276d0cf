// A session of Claude Code that paid did not start, as far as the daemon can tell: its hooks, and what it reads in the
// replies to them.

import { spoolAt } from '../../src/lib/spool.ts'
import { limits } from '../../src/protocol/limits.ts'
import { listenTo, type openSessions } from './sessions.ts'

type Fields = Record<string, unknown>
type Open = Awaited<ReturnType<typeof openSessions>>

/** Begins a session, and hears everything that is told of it. */
export const openHeard = async (sessions: Open, id: string = crypto.randomUUID()) => {
  const bodyOf = (hook_event_name: string, fields: Fields): string =>
    JSON.stringify({ hook_event_name, session_id: id, cwd: sessions.directory, ...fields })

  /** As Claude Code runs it; gives back what the hook says. */
  const hook = async (
    event: string,
    fields: Fields = {},
    words: string[] = ['--reply'],
  ): Promise<unknown> => {
    const { code, stdout, stderr } = await sessions.run(['hook', ...words], { stdin: bodyOf(event, fields) })
    if (code !== 0 || stderr !== '') throw new Error(`The hook said ${code}: ${stderr}`)
    return JSON.parse(stdout || '{}')
  }

  await hook('SessionStart', {}, [])
  const told = await listenTo(sessions, id)
  return {
    id,
    told,
    hook,
    /** The same over HTTP, as a hook of the type `http` does. */
    post: async (
      event: string,
      fields: Fields = {},
      headers: Record<string, string> = {},
    ): Promise<unknown> => {
      const answer = await fetch('http://paid/hooks/claude', {
        unix: sessions.httpSocket,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: bodyOf(event, fields),
      })
      return answer.json()
    },
    /** Leaves a hook in the spool, as `paid hook` does when no reply came. */
    spool: (key: string, occurredAt: number, event: string, fields: Fields = {}): void =>
      spoolAt(sessions.paths.spool, limits.spoolBytes).write({
        key,
        occurredAt,
        path: '/hooks/claude',
        body: Buffer.from(bodyOf(event, fields)),
      }),
    send: (text: string, urgency: 'now' | 'next-turn' | 'note' = 'next-turn') =>
      sessions.connection.call('session.send', { id, text, urgency }),
    [Symbol.dispose]: () => told[Symbol.dispose](),
  }
}

/** What a reply says beside a prompt, or after tools; undefined: nothing. */
export const contextIn = (reply: unknown): string | undefined =>
  Object(Object(reply).hookSpecificOutput).additionalContext
