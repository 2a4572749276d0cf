// A lock that goes from one to the next in line, a process of its own: `bun handover.ts OPTIONS`. Of two connections one
// holds it and the other waits; how long after the release was sent does the other have it? Then they change places.

import { callLine } from './requests.ts'
import { failure, tell } from './program.ts'

export type HandoverOptions = { socket: string; warmMs: number; runMs: number }
/** in ms */
export type Handover = { p50: number; p99: number; count: number }

const name = 'handed-over'
const ttl = 30_000
const pong = '{"type":"pong","id":"in-line"}'

/** Somebody who takes turns: what is asked is one line, and so is its answer. */
const open = async (path: string, holder: string) => {
  let text = ''
  const waiting = new Map<string, (line: string) => void>()
  const socket = await Bun.connect({
    unix: path,
    socket: {
      data(_socket, chunk) {
        const lines = (text + chunk.toString('utf8')).split('\n')
        text = lines.pop() ?? ''
        for (const line of lines) waiting.get(line === pong ? 'pong' : 'answer')?.(line)
      },
      close: () => failure.reject(new Error('The server closed a connection')),
    },
  })
  const next = (what: string) => new Promise<string>((resolve) => waiting.set(what, resolve))
  const acquire = (wait: number) => callLine('lock.acquire', { name, holder, ttl, wait })
  const right = (beginning: string) => (line: string) => {
    if (!line.startsWith(`{"id":1,"result":{"${beginning}":true`)) throw new Error(`A wrong answer: ${line}`)
  }
  return {
    take: async () => {
      const answer = next('answer')
      socket.write(`${acquire(0)}\n`)
      right('acquired')(await answer)
    },
    /** Resolves when it stands in line, with what resolves when it has the lock. */
    stand: async () => {
      const turn = next('answer').then((line) => {
        right('acquired')(line)
        return performance.now()
      })
      const inLine = next('pong')
      socket.write(`${acquire(ttl)}\n{"type":"ping","id":"in-line"}\n`)
      await inLine
      return { turn }
    },
    release: () => {
      const answer = next('answer')
      const at = performance.now()
      socket.write(`${callLine('lock.release', { name, holder })}\n`)
      return { at, released: answer.then(right('released')) }
    },
  }
}

const run = async ({ socket, warmMs, runMs }: HandoverOptions): Promise<Handover> => {
  let [holder, other] = [await open(socket, 'one'), await open(socket, 'other')]
  await holder.take()
  const times: number[] = []
  const startedAt = performance.now()
  while (performance.now() - startedAt < warmMs + runMs) {
    const { turn } = await other.stand()
    const { at, released } = holder.release()
    const ms = (await turn) - at
    await released
    if (at - startedAt >= warmMs) times.push(ms)
    ;[holder, other] = [other, holder]
  }
  await holder.release().released
  times.sort((a, b) => a - b)
  const part = (share: number) => times[Math.floor(times.length * share)] ?? NaN
  return { p50: part(0.5), p99: part(0.99), count: times.length }
}

const options: HandoverOptions = JSON.parse(process.argv[2] ?? '')
await tell(run(options))
