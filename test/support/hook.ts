// `paid hook` as a process for tests, and what may sit at http.sock: a daemon's stand-in, or any peer that writes bytes.
// From source, or from the binary that PAID_BIN names.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spoolAt } from '../../src/lib/spool.ts'
import { limits } from '../../src/protocol/limits.ts'

const fromSource = `
  const { runHook } = await import(${JSON.stringify(join(import.meta.dir, '../../src/cli/commands/hook.ts'))})
  process.exit(await runHook())`
const binary = process.env['PAID_BIN']
export const command = binary ? [binary, 'hook'] : [process.execPath, '-e', fromSource]

const undo: (() => unknown)[] = []

/** For `afterEach`: ends the peers and removes the homes that a test made. */
export const undoAll = async (): Promise<void> => {
  for (const step of undo.splice(0).toReversed()) await step()
}

export const temporaryHome = (): string => {
  const home = mkdtempSync(join(tmpdir(), 'paid-hook-'))
  undo.push(() => rmSync(home, { recursive: true, force: true }))
  return home
}

export type Outcome = { code: number; stdout: string; stderr: string }
export const silent: Outcome = { code: 0, stdout: '', stderr: '' }

export const start = (stdin: string | Uint8Array, env: Record<string, string>) =>
  Bun.spawn(command, {
    stdin: new Blob([stdin]),
    stdout: 'pipe',
    stderr: 'pipe',
    env: { PATH: process.env['PATH'], ...env },
  })

export const outcomeOf = async (child: ReturnType<typeof start>): Promise<Outcome> => {
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { code, stdout, stderr }
}

export const run = (stdin: string | Uint8Array, env: Record<string, string>): Promise<Outcome> =>
  outcomeOf(start(stdin, env))

export const event = (more: Record<string, unknown> = {}): string =>
  JSON.stringify({ session_id: 's-1', hook_event_name: 'PostToolUse', tool_response: 'ü\u0000', ...more })

export const spooled = (home: string) => {
  const spool = spoolAt(join(home, 'spool'), limits.spoolBytes)
  return spool.list().map((file) => {
    const entry = spool.read(file.name)
    if (typeof entry === 'string') throw new Error(`${file.name} is ${entry}`)
    return { ...entry, body: Buffer.from(entry.body).toString() }
  })
}

type Heard = { path: string; headers: Headers; body: string }

/** A daemon's stand-in on http.sock that answers what it is told to. */
export const daemonThat = (answer: (heard: Heard) => Response | Promise<Response>) => {
  const home = temporaryHome()
  const heard: Heard[] = []
  const server = Bun.serve({
    unix: join(home, 'http.sock'),
    maxRequestBodySize: 32 * 1024 * 1024,
    fetch: async (request) => {
      const one = {
        path: new URL(request.url).pathname,
        headers: request.headers,
        body: await request.text(),
      }
      heard.push(one)
      return answer(one)
    },
  })
  undo.push(() => server.stop(true))
  return { home, heard, env: { PAID_HOME: home } }
}

/** Whatever listens on http.sock and writes these bytes, then perhaps hangs up. */
export const peerThat = (says: string, hangsUp: boolean) => {
  const home = temporaryHome()
  const received: string[] = []
  const listener = Bun.listen({
    unix: join(home, 'http.sock'),
    socket: {
      data: (socket, bytes) => {
        received.push(bytes.toString())
        socket.write(says)
        if (hangsUp) socket.end()
      },
    },
  })
  undo.push(() => listener.stop(true))
  return { home, received, env: { PAID_HOME: home } }
}
