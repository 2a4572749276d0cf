// A daemon as a hostile page finds it: one address that asks for a token and one that asks nobody, and attacks on them
// that must be refused, counted, and leave nothing behind.

import { expect } from 'bun:test'
import { startDaemon } from './daemon.ts'
import { hostOf, type RawAnswer, sendRaw } from './raw-http.ts'

export const openPaths = ['/health', '/ready', '/version']
const knownPaths = ['/', '/events', '/stats', '/methods', '/openapi.json', '/hooks/claude', '/ws']
/** everything the wall protects, and what does not exist */
export const paths = [
  ...knownPaths,
  '/call/system.stop',
  '/call/event.publish',
  '/api/daemon',
  '/nothing/here',
]
export const event = '{"type":"forged"}'
export const json = 'Content-Type: application/json'

/** A request to the address under its own name. */
export const request = (url: string, start: string, headers: string[] = [], body = ''): Promise<RawAnswer> =>
  sendRaw(url, [`${start} HTTP/1.1`, `Host: ${hostOf(url)}`, ...headers], body)

/** Sends each and expects one status of all; gives their number. */
export const expectAll = async (
  expected: number,
  requests: { name: string; send: () => Promise<RawAnswer> }[],
): Promise<number> => {
  const wrong: string[] = []
  for (const { name, send } of requests) {
    const answer = await send()
    if (answer.status !== expected) wrong.push(`${answer.status} ${name}`)
  }
  expect(wrong).toEqual([])
  return requests.length
}

export type Walled = Awaited<ReturnType<typeof openWalled>>

export const openWalled = async () => {
  const daemon = await startDaemon({
    args: ['--listen', '127.0.0.1:0', '--listen', '127.0.0.1:0,auth=none'],
    config: { hosts: ['Paid.example.test'] },
  })
  const [guarded = '', open = ''] = daemon.urls

  const status = async () => {
    const { code, stdout } = await daemon.run(['status', '--json'])
    expect(code).toBe(0)
    const found: { log: { head: number }; refused: Record<string, number> } = JSON.parse(stdout)
    return found
  }

  return {
    daemon,
    /** asks for a token */
    guarded,
    /** asks nobody */
    open,
    bearer: `Authorization: Bearer ${daemon.token}`,
    status,
    /** Runs the attack: nothing is stored by it, the daemon lives, and it is counted under its reason as often as said. */
    refused: async (reason: string, attack: () => Promise<number>): Promise<void> => {
      const before = await status()
      const times = await attack()
      const after = await status()
      expect(after.log.head).toBe(before.log.head)
      expect((after.refused[reason] ?? 0) - (before.refused[reason] ?? 0)).toBe(times)
    },
  }
}
