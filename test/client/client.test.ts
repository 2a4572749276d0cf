// The client against a daemon of a few lines that can be made to lag, to die and to speak nonsense at will.

import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Socket } from 'bun'
import { connect } from '../../src/client/index.ts'
import { PaidError } from '../../src/protocol/error.ts'
import type { Event } from '../../src/protocol/event.ts'

type Call = {
  id: string
  method: string
  params: { since?: number; replay?: number } & Record<string, unknown>
}
type Peer = { write: (frame: unknown) => void; close: () => void }
type Answer = (call: Call, peer: Peer) => void

let folder: string
let socket: string
let listener: { stop: (closeActive?: boolean) => void } | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'paid-'))
  socket = join(folder, 'paid.sock')
})
afterEach(() => {
  listener?.stop(true)
  rmSync(folder, { recursive: true, force: true })
})

const serve = (answer: Answer) => {
  const peers = new Set<Socket>()
  const listening = Bun.listen({
    unix: socket,
    socket: {
      open: (open) => void peers.add(open),
      close: (closed) => void peers.delete(closed),
      data: (peer, chunk) => {
        for (const line of chunk.toString().trim().split('\n'))
          answer(JSON.parse(line), {
            write: (frame) => peer.write(typeof frame === 'string' ? frame : `${JSON.stringify(frame)}\n`),
            close: () => peer.end(),
          })
      },
    },
  })
  listener = listening
  return {
    kill: () => {
      listening.stop(true)
      for (const peer of peers) peer.end()
      rmSync(socket, { force: true })
    },
  }
}

const eventAt = (seq: number): Event => ({
  seq,
  id: `evt_${seq}`,
  at: seq,
  channel: 'events',
  type: 'tick',
  data: {},
  by: 'test',
})

/** Serves a log of `head` events: what is after `since` (or nothing), numbered. Notes where each subscription began. */
const serveLog = (head: () => number, sinces: (number | undefined)[]) =>
  serve(({ id, params }, peer) => {
    sinces.push(params.since)
    peer.write({ id, result: { subscription: 's', head: head() } })
    for (let seq = (params.since ?? head()) + 1; seq <= head(); seq++)
      peer.write({ event: eventAt(seq), subscription: 's' })
  })

const take = async (events: AsyncGenerator<Event, void>, count: number) => {
  const seqs: (number | undefined)[] = []
  while (seqs.length < count) {
    const { value, done } = await events.next()
    if (done || !value) break
    seqs.push(value.seq)
  }
  return seqs
}

const refusal = async (promise: Promise<unknown>): Promise<PaidError> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof PaidError) return error
  throw new Error(`not refused as it should be: ${String(error)}`)
}

describe('calls', () => {
  test('without a daemon fail as not running, with what to type', async () => {
    const error = await refusal(connect({ socket }))
    expect(error).toMatchObject({ code: 'not_running', hint: 'Start it with `paid start`.', exit: 3 })
  })

  test('get their own answers, whatever the order they come in', async () => {
    const waiting: (() => void)[] = []
    serve(({ id, params }, peer) => {
      waiting.push(() => peer.write({ id, result: params }))
      if (waiting.length === 3) for (const answer of waiting.toReversed()) answer()
    })
    await using paid = await connect({ socket })
    const types = ['a', 'b', 'c']
    const answers = await Promise.all(types.map((type) => paid.call('event.publish', { type, data: {} })))
    expect(answers).toEqual(types.map((type) => ({ type, data: {} })) as never)
  })

  test('get an answer that comes in pieces cut inside a character', async () => {
    listener = Bun.listen({
      unix: socket,
      socket: {
        data: (peer, chunk) => {
          const bytes = Buffer.from(
            `${JSON.stringify({ id: JSON.parse(chunk.toString()).id, result: { ids: ['日本語'] } })}\n`,
          )
          let at = 0
          const next = () => {
            if (at >= bytes.length) return
            peer.write(bytes.subarray(at, (at += 1)))
            setImmediate(next)
          }
          next()
        },
      },
    })
    await using paid = await connect({ socket })
    expect(await paid.call('event.publish', { type: 'x', data: {} })).toEqual({ ids: ['日本語'] })
  })

  test('that are refused carry code, message and hint', async () => {
    serve(({ id }, peer) =>
      peer.write({ id, error: { code: 'key_reused', message: 'used', hint: 'another' } }),
    )
    await using paid = await connect({ socket })
    const error = await refusal(paid.call('event.publish', { type: 'x', data: {} }))
    expect(error).toMatchObject({ code: 'key_reused', message: 'used', hint: 'another' })
  })

  test('are settled when the daemon dies under them, and when it never answers', async () => {
    serve(({ params }, peer) => {
      if (params['type'] === 'die') peer.close()
    })
    await using paid = await connect({ socket })
    const silent = refusal(paid.call('event.publish', { type: 'wait', data: {} }, { timeoutMs: 20 }))
    expect((await silent).code).toBe('timeout')
    const open = refusal(paid.call('event.publish', { type: 'wait', data: {} }))
    expect((await refusal(paid.call('event.publish', { type: 'die', data: {} }))).code).toBe('not_running')
    expect((await open).code).toBe('not_running')
    listener?.stop(true)
    expect((await refusal(paid.call('event.publish', { type: 'late', data: {} }))).code).toBe('not_running')
  })
})

describe('a subscription', () => {
  test('goes on after the daemon was away, without gap or double', async () => {
    const sinces: (number | undefined)[] = []
    let head = 2
    const states: string[] = []
    const first = serveLog(() => head, sinces)
    await using paid = await connect({ socket })
    const events = paid.subscribe({ since: 0 }, { onState: (state) => states.push(state) })
    expect(await take(events, 2)).toEqual([1, 2])
    first.kill()
    head = 5
    serveLog(() => head, sinces)
    expect(await take(events, 3)).toEqual([3, 4, 5])
    expect(sinces).toEqual([0, 2])
    expect(states).toEqual(['following', 'lost', 'following'])
  })

  test('from now on resumes where it began, even when nothing had come yet', async () => {
    const sinces: (number | undefined)[] = []
    let head = 7
    const first = serveLog(() => head, sinces)
    await using paid = await connect({ socket })
    const following = Promise.withResolvers<void>()
    const events = paid.subscribe({}, { onState: () => following.resolve() })
    const next = take(events, 2)
    await following.promise
    first.kill()
    head = 9
    serveLog(() => head, sinces)
    expect(await next).toEqual([8, 9])
    expect(sinces).toEqual([undefined, 7])
  })

  test('that fell behind is taken up again where the daemon says', async () => {
    const sinces: (number | undefined)[] = []
    serve(({ id, params }, peer) => {
      sinces.push(params.since)
      peer.write({ id, result: { subscription: `s${sinces.length}`, head: 9 } })
      const subscription = `s${sinces.length}`
      if (sinces.length === 1) {
        peer.write({ event: eventAt(1), subscription })
        peer.write({ lagged: { subscription, seq: 1 } })
      } else for (const seq of [1, 2]) peer.write({ event: eventAt(seq), subscription })
    })
    await using paid = await connect({ socket })
    expect(await take(paid.subscribe({ since: 0 }), 2)).toEqual([1, 2])
    expect(sinces).toEqual([0, 1])
  })

  test('gives transient events as they come', async () => {
    serve(({ id }, peer) => {
      peer.write({ id, result: { subscription: 's', head: 3 } })
      const { seq: _seq, id: _id, ...transient } = eventAt(1)
      peer.write({ event: transient, subscription: 's' })
      peer.write({ event: eventAt(4), subscription: 's' })
    })
    await using paid = await connect({ socket })
    expect(await take(paid.subscribe(), 2)).toEqual([undefined, 4])
  })

  test('that is refused says so, and one that is closed ends', async () => {
    serve(({ id, params }, peer) =>
      peer.write(
        params['type'] === 'bad'
          ? { id, error: { code: 'bad_request', message: 'no', hint: '' } }
          : { id, result: { subscription: 's', head: 0 } },
      ),
    )
    const paid = await connect({ socket })
    expect((await refusal(paid.subscribe({ type: 'bad' }).next())).code).toBe('bad_request')
    const following = Promise.withResolvers<void>()
    const next = paid.subscribe({}, { onState: () => following.resolve() }).next()
    await following.promise
    paid.close()
    expect(await next).toEqual({ value: undefined, done: true })
  })
})
