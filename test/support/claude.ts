// The real Claude Code in a test: found in CLAUDE_BIN or `.claude-cli/`, run in a home of its own against the
// stand-in of the Messages API. Its environment is written from nothing, so neither the developer's settings nor a
// session that runs the tests (CLAUDE*, AI_AGENT, proxies) reach it, and with these variables it calls nothing else.

import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MessagesApi } from './messages-api.ts'

const fetched = join(import.meta.dir, '..', '..', '.claude-cli', 'claude')
export const claudeBinary = process.env['CLAUDE_BIN'] || fetched

export const claudeAvailable = existsSync(claudeBinary)
export const claudeMissing = `no Claude Code at CLAUDE_BIN or .claude-cli/ (fetch: bun scripts/fetch-claude.ts)`

type Environment = Record<string, string>

/** A home, a project folder and the environment of a session in them. The path is short: sockets live under it. */
export const openClaudeHome = (api: MessagesApi) => {
  const root = mkdtempSync(join(tmpdir(), 'cc-'))
  const folder = (name: string) => {
    mkdirSync(join(root, name), { mode: 0o700 })
    return join(root, name)
  }
  const home = folder('h')
  const project = folder('p')
  const env: Environment = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: home,
    TERM: 'xterm',
    LANG: 'C.UTF-8',
    XDG_RUNTIME_DIR: folder('r'),
    CLAUDE_CODE_TMPDIR: folder('t'),
    ANTHROPIC_BASE_URL: api.url,
    ANTHROPIC_API_KEY: 'stand-in-key',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    CLAUDE_CODE_MAX_RETRIES: '0',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_TELEMETRY: '1',
  }
  return {
    home,
    project,
    env,
    settings: join(home, '.claude', 'settings.json'),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}
export type ClaudeHome = ReturnType<typeof openClaudeHome>

type Options = { readonly args?: readonly string[]; readonly env?: Environment }

/** One `claude -p PROMPT` to its end. */
export const runClaude = async (where: ClaudeHome, prompt: string, { args = [], env = {} }: Options = {}) => {
  await using child = Bun.spawn([claudeBinary, '-p', prompt, ...args], {
    cwd: where.project,
    env: { ...where.env, ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ])
  return { stdout, stderr, exitCode }
}

/** A line that the session wrote; `type` is system, assistant, user or result. */
export type Line = { readonly type: string } & Record<string, unknown>

/** A conversation of several turns over `--input-format stream-json`; disposing ends it. */
export const openConversation = (where: ClaudeHome, { args = [], env = {} }: Options = {}) => {
  const streams = ['--input-format', 'stream-json', '--output-format', 'stream-json', '--verbose']
  const child = Bun.spawn([claudeBinary, '-p', ...streams, ...args], {
    cwd: where.project,
    env: { ...where.env, ...env },
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const stderr = child.stderr.text()
  const lines: Line[] = []
  const incoming = linesOf(child.stdout)

  /** Reads on until the line is the one; throws with what the session said on stderr when it ends before. */
  const until = async (isIt: (line: Line) => boolean): Promise<Line> => {
    for (let next = await incoming.next(); !next.done; next = await incoming.next()) {
      lines.push(next.value)
      if (isIt(next.value)) return next.value
    }
    throw new Error(`The session ended in the middle of a turn: ${await stderr}`)
  }

  return {
    lines,
    stderr,
    pid: child.pid,
    /** Says one thing and waits for its result; turns that the session takes by itself have results of their own. */
    async say(text: string): Promise<Line> {
      const uuid = crypto.randomUUID()
      const message = { role: 'user', content: [{ type: 'text', text }] }
      const line = { type: 'user', message, parent_tool_use_id: null, session_id: '', uuid }
      await child.stdin.write(`${JSON.stringify(line)}\n`)
      await child.stdin.flush()
      return until(
        ({ type, user_message_uuids: of }) => type === 'result' && Array.isArray(of) && of.includes(uuid),
      )
    },
    /** Closes its input and waits for its exit. */
    async end(): Promise<number> {
      await child.stdin.end()
      for (let next = await incoming.next(); !next.done; next = await incoming.next()) lines.push(next.value)
      return child.exited
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await child.exited
    },
  }
}
export type Conversation = ReturnType<typeof openConversation>

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Line, undefined> {
  let rest = ''
  const decoder = new TextDecoder()
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) if (part.trim()) yield JSON.parse(part)
  }
  return undefined
}
