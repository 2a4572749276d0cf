// The webhooks room behind dispatch, with clocks that a test moves, and actions that do what a test needs: one that gives
// back what it got, one that goes on until it is told to end, one that fails. Opened again, it is the daemon after a
// restart.

import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { join } from 'node:path'
import { sign } from '../../src/features/webhooks/schemes.ts'
import type { Call } from '../../src/core/dispatch.ts'
import type { Params } from '../../src/protocol/api.ts'
import type { WebhookScheme } from '../../src/protocol/webhooks.ts'
import { type Engine, openEngine, temporaryFolder } from './engine.ts'
import { caller } from './locks-room.ts'
import { createMovedClocks } from './moved-clocks.ts'

export const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

export type Told = { status: number; body: unknown; text: string }

export const openWebhooksRoom = async ({ exposed = false } = {}) => {
  const folder = temporaryFolder()
  const clocks = createMovedClocks()
  const open = () => openEngine(folder.path, { clock: clocks.clock, steady: clocks.process(), exposed })
  let engine = open()
  const ann = caller('ann')
  const gate = join(folder.path, 'gate')
  spawnSync('mkfifo', [gate])
  const call: Call = (...given: Parameters<Engine['dispatch']>) => engine.dispatch(...given)
  const command = (name: string, ...words: string[]) =>
    call(ann, 'action.add', { name, kind: 'command', command: words })
  await command('echo', '/bin/cat')
  await command('waits', '/bin/cat', gate)
  await command('fails', '/bin/sh', '-c', 'echo no luck >&2; exit 3')

  /** Signs a body as its sender would; `headers` say more, or otherwise. */
  const send = async (
    name: string,
    {
      scheme = 'github',
      body = '{"ref":"x"}',
      id = 'd1',
      key = secret,
      headers = {},
      namespace = '',
      address,
      query,
    }: Sending = {},
  ): Promise<Told> => {
    const bytes = Buffer.from(body)
    const signed = sign(scheme, bytes, key, { now: clocks.wall, delivery: id })
    const { status, text } = await call(caller('door', namespace), 'webhook.receive', {
      name,
      body: bytes,
      headers: new Headers({ ...signed, ...headers }),
      query: query ?? '',
      ...(address !== undefined && { address }),
    })
    return { status, text, body: JSON.parse(text) }
  }

  return {
    ann,
    call,
    clocks,
    send,
    get engine() {
      return engine
    },
    add: (name: string, more: Partial<Params<'webhook.add'>> = {}, namespace = '') => {
      const does = more.publish === undefined ? { do: 'echo' } : {}
      const hidden = more.scheme === 'none' ? {} : { secret }
      return call(caller('ann', namespace), 'webhook.add', {
        name,
        scheme: 'github',
        ...hidden,
        ...does,
        ...more,
      })
    },
    /** The run of `waits` ends well. */
    letGo: async () => {
      // nobody reads there until its process has come so far
      for (;;) {
        try {
          return closeSync(openSync(gate, constants.O_WRONLY | constants.O_NONBLOCK))
        } catch {
          await Bun.sleep(2)
        }
      }
    },
    /** Time passes; what that wakes is done. */
    pass: (ms: number) => clocks.pass(ms, () => engine.log.read(() => undefined)),
    deliveries: async (name: string) => (await call(ann, 'webhook.deliveries', { name })).deliveries,
    /** Data of the stored events of these types, oldest first. */
    eventsOf: (...types: string[]) =>
      engine.delivered
        .filter(({ type, seq }) => seq > 0 && types.includes(type))
        .map(({ type, channel, namespace, by, data }) => ({ type, channel, namespace, by, data })),
    /** Waits for the next event of a type. */
    next: (type: string): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>()
      engine.observers.push((events) => {
        if (events.some((event) => event.type === type)) resolve()
      })
      return promise
    },
    /** The daemon ends and another begins; what still ran is ended, and nothing is written of it. */
    restart: () => {
      engine.close()
      engine = open()
    },
    [Symbol.dispose]: () => {
      engine.close()
      folder[Symbol.dispose]()
    },
  }
}

type Sending = {
  scheme?: WebhookScheme
  body?: string
  /** the delivery's once-only id */
  id?: string
  key?: string
  headers?: Record<string, string>
  namespace?: string
  address?: string
  query?: string
}
