// A conversation as Claude Code leaves it behind: its transcript under `.claude/projects`, record by record, and the
// hooks that tell of it.

import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { runPaid } from './daemon.ts'

export type Talk = ReturnType<typeof openTalk>

/** @param env of the home whose daemon hears it */
export const openTalk = (env: Record<string, string>, cwd: string, id: string = crypto.randomUUID()) => {
  const project = join(env['HOME'] ?? '', '.claude/projects', cwd.replace(/[/.]/g, '-'))
  mkdirSync(project, { recursive: true })
  const path = join(project, `${id}.jsonl`)
  let last: string | null = null
  let messages = 0

  const record = (type: string, message: object, at: number, more: object = {}): void => {
    const uuid = crypto.randomUUID()
    const line = { parentUuid: last, type, message, uuid, sessionId: id, cwd, ...more }
    last = uuid
    appendFileSync(path, `${JSON.stringify({ ...line, timestamp: new Date(at).toISOString() })}\n`)
  }

  const assistant = (content: object, at: number): void =>
    record(
      'assistant',
      { id: `msg_${++messages}`, role: 'assistant', model: 'stand-in', content: [content] },
      at,
    )

  return {
    id,
    path,
    ask: (text: string, at = Date.now()): void => record('user', { role: 'user', content: text }, at),
    answer: (text: string, at = Date.now()): void => assistant({ type: 'text', text }, at),
    /** A tool that ran and succeeded. */
    use: (name: string, input: object, at = Date.now()): void => {
      const use = `toolu_${crypto.randomUUID()}`
      assistant({ type: 'tool_use', id: use, name, input }, at)
      record(
        'user',
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: use, content: 'ok' }] },
        at,
      )
    },
    /** Has the daemon hear of it, as Claude Code's hook does. */
    hook: (name: string) => {
      const event = { hook_event_name: name, session_id: id, transcript_path: path, cwd }
      return runPaid(['hook'], { env, stdin: JSON.stringify(event) })
    },
  }
}
