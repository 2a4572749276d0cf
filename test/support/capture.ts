// The capture daemon's clients in a test: the one that was written for it, a connection of bytes, and the repositories
// that conversations end up in. The daemon serves them where theirs was, in a temporary folder of the test's own.

import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { z } from 'zod'
import { type DaemonOptions, startDaemon, type TestDaemon } from './daemon.ts'
import { openGitFolder } from './git.ts'
import { openSocket } from './socket.ts'

export const standardConfig =
  '{"autoCapture":{"enabled":true,"tools":{"claude-code":true,"cursor":true,"chatgpt":false,"generic":true}},"privacy":{"excludePatterns":["*.env","*secret*","*password*","*api*key*"],"maskSensitiveData":true},"storage":{"maxSessionAge":86400000,"autoCleanup":true}}'

const clientWaitsMs = 5000
/** what one read of the old client gives */
const oneRead = 64 * 1024

/**
 * A command as the old client sends it: a connection for each, no newline, no end, and the first piece that comes is
 * the whole reply. Rejects with what the daemon calls an error.
 */
export const sendAsOldClient = (path: string, command: string, args: object = {}): Promise<object> =>
  new Promise((resolve, reject) => {
    const socket = connect(path)
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error('Request timeout'))
    }, clientWaitsMs)
    socket.on('error', reject)
    socket.on('connect', () => socket.write(JSON.stringify({ command, ...args })))
    socket.once('data', (chunk) => {
      clearTimeout(timer)
      socket.end()
      try {
        const reply = z
          .looseObject({ error: z.string().optional() })
          .parse(JSON.parse(Buffer.from(chunk).subarray(0, oneRead).toString()))
        if (reply.error !== undefined) reject(new Error(reply.error))
        else resolve(reply)
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    })
  })

export type CaptureLine = Awaited<ReturnType<typeof openCaptureLine>>

/** A connection that stays: documents go out as they are given, each reply is a line. */
export const openCaptureLine = async (path: string) => {
  const socket = await openSocket(path)
  const { write, lines } = socket
  /** The next reply, as it came. */
  const heard = (): Promise<string> => lines.next()
  const say = async (document: string): Promise<string> => {
    await write(document)
    return await heard()
  }
  const ask = async (command: string, args: object = {}): Promise<Record<string, unknown>> =>
    z.record(z.string(), z.unknown()).parse(JSON.parse(await say(JSON.stringify({ command, ...args }))))
  return {
    write,
    heard,
    say,
    ask,
    /** A new session's id. */
    begin: async (args: object = {}): Promise<string> =>
      z.object({ sessionId: z.string() }).parse(await ask('createSession', args)).sessionId,
    [Symbol.asyncDispose]: () => socket[Symbol.asyncDispose](),
  }
}

export const promptFile = z.object({
  content: z.string(),
  commitMessage: z.string(),
  metadata: z.looseObject({ sessionId: z.string(), gitCommit: z.string().optional() }),
  description: z.string(),
  id: z.string(),
  version: z.string(),
  timestamp: z.string(),
  lastModified: z.string(),
})
const indexFile = z.record(z.string(), z.object({ lastVersion: z.string() }))

/** What `.prompts/` of a folder holds, by prompt; undefined without one. Fails unless all of it is whole. */
export const promptsIn = (folder: string) => {
  const top = join(folder, '.prompts')
  if (!existsSync(top)) return undefined
  const index = indexFile.parse(JSON.parse(readFileSync(join(top, '.meta/index.json'), 'utf8')))
  const left = readdirSync(join(top, '.meta')).filter((name) => name !== 'index.json')
  if (left.length > 0) throw new Error(`left in .meta: ${left.join(' ')}`)
  const names = readdirSync(join(top, 'prompts')).toSorted()
  if (
    names.toSorted().join() !==
    Object.keys(index)
      .map((id) => `${id}.yaml`)
      .toSorted()
      .join()
  )
    throw new Error(`the index names ${Object.keys(index).length} prompts, ${names.length} are there`)
  return names.map((name) => {
    const text = readFileSync(join(top, 'prompts', name), 'utf8')
    const prompt = promptFile.parse(load(text))
    const { id, version } = prompt
    if (name !== `${id}.yaml`) throw new Error(`${name} calls itself ${id}`)
    if (index[id]?.lastVersion !== version) throw new Error(`the index has another version of ${id}`)
    const history = readdirSync(join(top, 'history', id))
    const versions = history.map((each) => readFileSync(join(top, 'history', id, each), 'utf8'))
    if (!versions.includes(text)) throw new Error(`${id} is not in its history`)
    return { ...prompt, text, versions: history.length }
  })
}

export type CaptureStage = ReturnType<typeof openCaptureStage>

export const openCaptureStage = () => {
  const at = openGitFolder()
  const temporary = join(at.root, 't')
  mkdirSync(temporary, { mode: 0o700 })
  const folder = join(temporary, 'gitify-prompt')
  return {
    ...at,
    temporary,
    /** where the old daemon's files were */
    folder,
    path: join(folder, 'daemon.sock'),
    pidFile: join(folder, 'daemon.pid'),
    settings: join(at.home, '.promptrc.json'),
    start: (options: DaemonOptions = {}): Promise<TestDaemon> =>
      startDaemon({
        home: at.home,
        ...options,
        args: ['--capture-legacy', ...(options.args ?? [])],
        env: { HOME: at.home, TMPDIR: temporary, ...options.env },
      }),
  }
}

/** A started daemon, a connection to it, and a repository. */
export const playCapture = async (options: DaemonOptions = {}) => {
  const stage = openCaptureStage()
  const daemon = await stage.start(options)
  const line = await openCaptureLine(stage.path)
  const project = await stage.repository()
  const end = async (): Promise<void> => {
    await line[Symbol.asyncDispose]()
    await daemon.stop()
    stage[Symbol.dispose]()
  }
  /** A session with one question in the repository. */
  const talk = async (question: string, metadata: object = { cwd: project }): Promise<string> => {
    const sessionId = await line.begin({ tool: 'generic', metadata })
    await line.ask('addMessage', { sessionId, role: 'user', content: question })
    return sessionId
  }
  return { ...stage, ...line, daemon, project, talk, [Symbol.asyncDispose]: end }
}
