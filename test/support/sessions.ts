// Managed sessions in a test: a `claude` of our own in front of the PATH, what its sessions told, and whether they live.

import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

export type Told = { type: string; data: Record<string, unknown>; transient: boolean }

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
    async next(type: string, isIt: (data: Told['data']) => unknown = () => true): Promise<Told['data']> {
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

/** Processes of a group that live. Only Linux says. */
export const livingIn = (group: number): number[] =>
  (process.platform === 'linux' ? readdirSync('/proc') : []).map(Number).filter((pid) => {
    if (!Number.isInteger(pid) || !isAlive(pid)) return false
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) === group
    } catch {
      return false
    }
  })

/** A daemon whose sessions are scripted, a connection to it, and a folder to work in. All of it goes with its scope. */
export const openSessions = async (options: DaemonOptions = {}) => {
  const daemon = await startWithClaude(options)
  const directory = join(daemon.home, 'project')
  mkdirSync(directory, { recursive: true })
  const connection = await openConnection(daemon.socket)
  return {
    ...daemon,
    directory,
    connection,
    /** Spawned in the folder, and heard from its beginning. */
    spawn: async (prompt?: string) => {
      const { session, message = '' } = await connection.call('session.spawn', {
        directory,
        ...(prompt !== undefined && { prompt }),
      })
      return { id: session.id, message, told: await listenTo(daemon, session.id) }
    },
    /** The id of the session that is spawned next, or was spawned last. */
    first: async (): Promise<string> => {
      const { subscription } = await connection.call('event.subscribe', { type: 'session.spawned', since: 0 })
      const delivery = await connection.next(subscription)
      if (!('event' in delivery)) throw new Error('No session was spawned')
      return delivery.event.channel.slice('session:'.length)
    },
    get: async (id: string) => (await connection.call('session.get', { id })).session,
    [Symbol.asyncDispose]: async () => {
      connection.close()
      await daemon.stop()
      rmSync(daemon.home, { recursive: true, force: true })
    },
  }
}
