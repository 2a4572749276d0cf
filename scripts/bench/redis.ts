// Redis as a peer: the system's own, started on a Unix socket in the stage's folder, every write on disk before it is
// answered. Where there is none the rows beside it are left out.

import { join } from 'node:path'
import type { Stage } from './stage.ts'

const program = Bun.which('redis-server')
const readyWithinMs = 5000

export type Redis = AsyncDisposable & { pid: number; socket: string }

/** Undefined where it is not installed, which is said once. */
export const openRedis = async (stage: Stage): Promise<Redis | undefined> => {
  if (program === null) {
    stage.say('socket: no redis-server here (apt-get install redis-server), so no rows beside it')
    return undefined
  }
  const socket = join(stage.folder, 'redis.sock')
  const options = {
    port: '0',
    unixsocket: socket,
    dir: stage.folder,
    save: '',
    appendonly: 'yes',
    appendfsync: 'always',
    daemonize: 'no',
    'client-output-buffer-limit': 'pubsub 0 0 0',
  }
  const words = Object.entries(options).flatMap(([name, value]) => [
    `--${name}`,
    ...(value === '' ? [''] : value.split(' ')),
  ])
  const child = stage.spawn([program, ...words], { PATH: process.env['PATH'] ?? '' })
  const until = performance.now() + readyWithinMs
  while (!(await answers(socket))) {
    if (child.exitCode !== null || performance.now() > until) throw new Error('Redis did not start')
    await Bun.sleep(10)
  }
  return {
    pid: child.pid,
    socket,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await child.exited
    },
  }
}

const answers = async (socket: string): Promise<boolean> => {
  try {
    return (await askRedis(socket, 'PING')).startsWith('+PONG')
  } catch {
    return false
  }
}

/** One command on a connection of its own, and its answer as it comes, in one piece. */
export const askRedis = async (socket: string, ...words: string[]): Promise<string> => {
  const answer = Promise.withResolvers<string>()
  const connection = await Bun.connect({
    unix: socket,
    socket: {
      data: (_socket, chunk) => answer.resolve(chunk.toString('utf8')),
      close: () => answer.reject(new Error('Redis closed the connection')),
    },
  })
  connection.write(`${commandOf(...words)}\n`)
  const text = await answer.promise
  connection.end()
  return text
}

/** A command in Redis's own framing, without its last newline: who sends lines adds that. */
export const commandOf = (...words: string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r`).join('\n')}`
