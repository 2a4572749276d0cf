// Managed sessions in a test: a `claude` of our own in front of the PATH, what its sessions told, and whether they live.

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Connection, openConnection } from '../../src/client/connection.ts'
import type { Event } from '../../src/protocol/event.ts'
import { type DaemonOptions, startDaemon, temporaryHome, type TestDaemon } from './daemon.ts'

/** Writes the program into a folder, and gives back its path. */
export const writeScriptedClaude = (folder: string): string => {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'claude')
  const script = join(import.meta.dir, 'scripted-claude.ts')
  writeFileSync(path, `#!/bin/sh\nexec ${JSON.stringify(process.execPath)} ${JSON.stringify(script)} "$@"\n`)
  chmodSync(path, 0o755)
  return path
}

/** A daemon whose sessions are scripted. */
export const startWithClaude = async ({ env = {}, config = {}, ...rest }: DaemonOptions = {}) => {
  const home = rest.home ?? temporaryHome()
  const claude = writeScriptedClaude(join(home, 'bin'))
  return await startDaemon({ ...rest, home, config, env: { PAID_CLAUDE: claude, HOME: home, ...env } })
}

export type Told = { type: string; data: Record<string, any>; transient: boolean }

const toldOf = ({ type, data, seq }: Event): Told => ({
  type,
  data: Object(data),
  transient: seq === undefined,
})

/** What a session tells, from its beginning, and pieces of what it says from now on. */
export const listenTo = async ({ socket }: Pick<TestDaemon, 'socket'>, id: string) => {
  const connection = await openConnection(socket)
  const { subscription } = await connection.call('event.subscribe', { channel: `session:${id}`, since: 0 })
  const told: Told[] = []
  let read = 0
  return {
    told,
    types: () => told.map(({ type }) => type),
    /** The next of this type behind the one found before; reads on until it comes. */
    async next(type: string, isIt: (data: Told['data']) => boolean = () => true): Promise<Told['data']> {
      for (;;) {
        for (; read < told.length; read++) {
          const each = told[read]
          if (each?.type === type && isIt(each.data)) {
            read++
            return each.data
          }
        }
        const delivery = await connection.next(subscription)
        if (!('event' in delivery))
          throw new Error(`No ${type}, but: ${told.map((each) => each.type).join(' ')}`)
        told.push(toldOf(delivery.event))
      }
    },
    [Symbol.dispose]: () => connection.close(),
  }
}

/** What the log holds of a session. */
export const storedOf = async (daemon: Connection, id: string): Promise<Told[]> =>
  (await daemon.call('event.list', { channel: `session:${id}`, limit: 1000 })).events.map(toldOf)

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
