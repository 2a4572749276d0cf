// The jobs room behind dispatch, with clocks that a test moves and actions that do what a test needs: one that is done
// at once, one that goes on until it is told to end, one that fails.

import { spawnSync } from 'node:child_process'
import { closeSync, constants, copyFileSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Peer } from '../../src/core/peer.ts'
import type { LogEvent } from '../../src/core/log-event.ts'
import { type Engine, openEngine, temporaryFolder } from './engine.ts'
import { caller } from './locks-room.ts'
import { createMovedClocks } from './moved-clocks.ts'

export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour

/** 2027-01-15T08:00:00Z, an hour that is full everywhere where zones are whole hours apart */
export const morning = 1_800_000_000_000

export type Told = { type: string; planned?: number } & Record<string, unknown>

export const openJobsRoom = async () => {
  const folder = temporaryFolder()
  const clocks = createMovedClocks()
  let lives = 0
  const home = () => join(folder.path, String(lives))
  const open = () => {
    mkdirSync(home(), { recursive: true })
    return openEngine(home(), { clock: clocks.clock, steady: clocks.process() })
  }
  let engine = open()
  const ann = caller('ann')
  const gate = join(folder.path, 'gate')
  spawnSync('mkfifo', [gate])
  const call = ((peer: Peer, method: string, params: unknown) =>
    engine.dispatch(peer, method, params)) as Engine['dispatch']

  /** Until nothing is left to do now: what a turn begins may take some turns of its own. */
  const settle = async (): Promise<void> => {
    for (let before = -1; before !== engine.log.head;) {
      before = engine.log.head
      for (let turn = 0; turn < 4; turn++) {
        await engine.log.read(() => undefined)
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
  }
  const eventsOf = (id: string): Told[] =>
    engine.delivered
      .filter(({ channel, seq }) => channel === `job:${id}` && seq > 0)
      .map((event) => ({ ...JSON.parse(event.dataText), type: event.type.slice(4) }))

  await call(ann, 'action.add', { name: 'done', kind: 'publish', channel: 'done' })
  await call(ann, 'action.add', {
    name: 'waits',
    kind: 'command',
    command: ['/bin/cat', gate],
    timeout: day,
  })
  await call(ann, 'action.add', {
    name: 'fails',
    kind: 'command',
    command: ['/bin/sh', '-c', 'echo no luck >&2; exit 3'],
  })

  /** The next event of a job of this type. */
  const next = (id: string, type: string): Promise<LogEvent> => {
    const { promise, resolve } = Promise.withResolvers<LogEvent>()
    const { observers } = engine
    const observe = (events: readonly LogEvent[]): void => {
      const found = events.find((event) => event.channel === `job:${id}` && event.type === `job.${type}`)
      if (!found) return
      observers.splice(observers.indexOf(observe), 1)
      resolve(found)
    }
    observers.push(observe)
    return promise
  }

  return {
    clocks,
    ann,
    call,
    next,
    settle,
    eventsOf,
    get engine() {
      return engine
    },
    /** Types of the events of a job, in order. */
    typesOf: (id: string) => eventsOf(id).map(({ type }) => type),
    /** The planned instants at which a job began. */
    startsOf: (id: string) =>
      eventsOf(id).flatMap(({ type, planned }) => (type === 'started' ? [planned] : [])),
    /** Time passes, and whoever is due is woken at its instant. */
    pass: (ms: number) => clocks.pass(ms, settle),
    /** One run of `waits` ends well, as soon as it reads. */
    letGo: async (): Promise<void> => {
      for (;;) {
        try {
          return closeSync(openSync(gate, constants.O_WRONLY | constants.O_NONBLOCK))
        } catch {
          await Bun.sleep(1)
        }
      }
    },
    /** The daemon ends in order, and begins again after so long. */
    restart: async (downMs = 0): Promise<void> => {
      engine.close()
      clocks.move(downMs)
      engine = open()
      await clocks.wake(settle)
      await settle()
    },
    /** What is on disk now is all that is left, as after SIGKILL. */
    crash: async (downMs = 0): Promise<void> => {
      const from = home()
      lives++
      mkdirSync(home())
      for (const part of ['paid.db', 'paid.db-wal'])
        if (existsSync(join(from, part))) copyFileSync(join(from, part), join(home(), part))
      engine.close()
      clocks.move(downMs)
      engine = open()
      await clocks.wake(settle)
      await settle()
    },
    [Symbol.dispose]: () => {
      engine.close()
      folder[Symbol.dispose]()
    },
  }
}
