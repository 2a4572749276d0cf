// Transcripts for tests, in the shapes that Claude Code 2.1.329 writes, as small as they can be.

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

type Fields = Record<string, unknown>

export type Transcript = ReturnType<typeof createTranscript>

/** @param at when it begins, epoch milliseconds; each record is a second later */
export const createTranscript = ({
  id = crypto.randomUUID(),
  at = Date.UTC(2026, 5, 1),
  cwd = '/home/me/project',
  agent,
}: { id?: string; at?: number; cwd?: string; agent?: string } = {}) => {
  const lines: string[] = []
  let now = at
  let parent: string | null = null
  let uses = 0

  const raw = (line: string): void => void lines.push(line)

  const chained = (record: Fields): Fields => {
    now += 1000
    const uuid = crypto.randomUUID()
    const whole = {
      parentUuid: parent,
      isSidechain: agent !== undefined,
      ...(agent !== undefined && { agentId: agent }),
      ...record,
      uuid,
      timestamp: new Date(now).toISOString(),
      userType: 'external',
      cwd,
      sessionId: id,
      version: '2.1.329',
      gitBranch: 'main',
    }
    parent = uuid
    raw(JSON.stringify(whole))
    return whole
  }

  const usage = {
    input_tokens: 100,
    output_tokens: 10,
    cache_creation_input_tokens: 5,
    cache_read_input_tokens: 50,
  }
  const assistant = (block: Fields, message: string, used: Fields = usage): Fields =>
    chained({
      type: 'assistant',
      message: { id: message, role: 'assistant', model: 'claude-opus-5-5', content: [block], usage: used },
    })

  return {
    id,
    lines,
    raw,
    chained,
    prompt: (text: string, more: Fields = {}) =>
      chained({ type: 'user', message: { role: 'user', content: text }, promptSource: 'typed', ...more }),
    answer: (text: string, message: string = crypto.randomUUID(), used?: Fields) =>
      assistant({ type: 'text', text }, message, used),
    thinking: (thinking: string, message: string = crypto.randomUUID()) =>
      assistant({ type: 'thinking', thinking }, message),
    /** Gives back the use's id. */
    tool: (name: string, input: Fields, message: string = crypto.randomUUID()): string => {
      const use = `toolu_${++uses}`
      assistant({ type: 'tool_use', id: use, name, input }, message)
      return use
    },
    result: (use: string, content: unknown, toolUseResult?: unknown, failed = false) =>
      chained({
        type: 'user',
        message: {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: use, content, ...(failed && { is_error: true }) }],
        },
        ...(toolUseResult !== undefined && { toolUseResult }),
      }),
    text: (): string => lines.map((line) => `${line}\n`).join(''),
  }
}

/** Where Claude Code would put it below a projects folder; gives back the path. */
export const writeTranscript = (
  projects: string,
  transcript: Transcript,
  text = transcript.text(),
): string => {
  const path = join(projects, '-home-me-project', `${transcript.id}.jsonl`)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

/** Where an agent's goes, beside that of its session. */
export const writeAgent = (session: string, agent: string, text: string): string => {
  const path = join(session.replace(/\.jsonl$/, ''), 'subagents', `agent-${agent}.jsonl`)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}
