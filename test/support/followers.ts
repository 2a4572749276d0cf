// A world of followers on a few slow connections, and a model of what each must hear: it keeps what was posted, in
// order, and never reads the database.

import { expect } from 'bun:test'
import type { Params } from '../../src/protocol/api.ts'
import { createPeer } from '../../src/core/peer.ts'
import type { Engine } from './engine.ts'
import { openReaderOfStream } from './listener.ts'

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

export type Post = { channel: string; type: string; large: boolean; transient: boolean }
export type Begin = { since?: number; replay?: number }
export type Wanted = { channel?: string | string[]; type?: string }
export type Operation =
  | { kind: 'publish'; posts: Post[]; batch: boolean }
  | { kind: 'subscribe'; at: number; wanted: Wanted; from: Begin }
  | { kind: 'read'; at: number; frames: number }
  | { kind: 'unsubscribe'; at: number }
  | { kind: 'turn'; resume: boolean }

/** connections that the followers share */
export const connections = 3

/** What was posted, in order; `seq` is known when it was answered, and stays 0 for what is transient. */
type Posted = Post & { n: number; seq: number }

/** One reader's wish, over all the subscriptions it took to fulfil it. */
type Follower = {
  at: number
  wanted: Wanted
  ids: string[]
  /** exclusive; known when the first subscription was answered */
  start: (timeline: readonly Posted[]) => number
  asked: number
  resumed: number
  ended: boolean
}

const patternMeans = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name

const wants = ({ channel: patterns, type: only }: Wanted, posted: Post): boolean =>
  (patterns === undefined || [patterns].flat().some((pattern) => patternMeans(pattern, posted.channel))) &&
  (only === undefined || only === posted.type)

export const followedWorld = (engine: Engine) => {
  const timeline: Posted[] = []
  const followers: Follower[] = []
  const readers = Array.from({ length: connections }, () => openReaderOfStream(0))
  const peers = readers.map(({ stream }, n) => createPeer(`test:${n}`, 'write', '', stream))
  const pending: Promise<unknown>[] = []

  const peerOf = (n: number) => peers[n] ?? createPeer('test:none', 'write')
  const readerOf = (n: number) => readers[n] ?? openReaderOfStream()

  const publish = (posts: readonly Post[], batch: boolean): void => {
    const events = posts.map((each) => {
      const posted = { ...each, transient: each.transient && !batch, n: timeline.length, seq: 0 }
      timeline.push(posted)
      const data = { n: posted.n, ...(each.large && { padding: 'x'.repeat(500) }) }
      return { posted, event: { channel: each.channel, type: each.type, data } }
    })
    const answered = (ids: string[], from_: number): void => {
      for (const [i, id] of ids.entries()) {
        const posted = events[from_ + i]?.posted
        if (posted) posted.seq = Number(id.slice(4))
      }
    }
    const whole: Params<'event.publish'> = { events: events.map(({ event }) => event) }
    if (batch)
      pending.push(engine.dispatch(peerOf(0), 'event.publish', whole).then(({ ids }) => answered(ids, 0)))
    else
      for (const [i, { event, posted }] of events.entries())
        pending.push(
          engine
            .dispatch(peerOf(0), 'event.publish', { ...event, transient: posted.transient })
            .then(({ ids }) => answered(ids, i)),
        )
  }

  const subscribe = (n: number, filter: Wanted, begin: Begin): void => {
    pending.push(
      engine
        .dispatch(peerOf(n), 'event.subscribe', { ...filter, ...begin })
        .then(({ subscription, head }) => {
          const start = (events: readonly Posted[]): number => {
            // ahead of the log is from now on
            if (begin.since !== undefined) return Math.min(begin.since, head)
            const replay = begin.replay ?? 0
            const before = events.filter((each) => each.seq > 0 && each.seq <= head && wants(filter, each))
            return replay > 0 && before.length > 0 ? (before.slice(-replay)[0]?.seq ?? 0) - 1 : head
          }
          followers.push({
            at: n,
            wanted: filter,
            ids: [subscription],
            start,
            asked: 0,
            resumed: 0,
            ended: false,
          })
        }),
    )
  }

  const told = (follower: Follower) =>
    readerOf(follower.at).lagged.find(({ subscription }) => subscription === follower.ids.at(-1))

  /** Subscribes again from where a subscription that fell behind was told to. */
  const resume = async (): Promise<void> => {
    for (const follower of followers) {
      const lag = told(follower)
      if (!lag || follower.ended) continue
      const again: Params<'event.subscribe'> = { ...follower.wanted, since: lag.lagged }
      const { subscription } = await engine.dispatch(peerOf(follower.at), 'event.subscribe', again)
      follower.ids.push(subscription)
      follower.resumed++
    }
  }

  const unsubscribe = async (n: number): Promise<void> => {
    const follower = followers.find((each) => each.at === n && !each.ended)
    if (!follower) return
    const subscription = follower.ids.at(-1) ?? ''
    follower.ended = true
    await engine
      .dispatch(peerOf(n), 'event.unsubscribe', { subscription })
      .catch((error: unknown) => expect(error).toHaveProperty('code', 'unknown_subscription'))
  }

  const run = async (next: Operation): Promise<void> => {
    if (next.kind === 'publish') publish(next.posts, next.batch)
    else if (next.kind === 'subscribe') subscribe(next.at, next.wanted, next.from)
    else if (next.kind === 'read') readerOf(next.at).read(next.frames)
    else if (next.kind === 'unsubscribe') await unsubscribe(next.at)
    else {
      await turn()
      if (next.resume) await resume()
    }
  }

  const heardBy = (follower: Follower) =>
    readerOf(follower.at).heard.filter(({ subscription }) => follower.ids.includes(subscription))

  /** Everybody reads on until the last event, which everybody wants, has arrived everywhere. */
  const settle = async (): Promise<void> => {
    await Promise.all(pending)
    const last = ['x', 'y'].flatMap((kind) =>
      ['events', 'session:a'].map((name) => ({ channel: name, type: kind, large: false, transient: false })),
    )
    publish(last, true)
    await Promise.all(pending)
    const expected = followers.filter(({ ended }) => !ended)
    const done = (follower: Follower): boolean =>
      heardBy(follower).at(-1)?.seq ===
      timeline.findLast((each) => each.seq > 0 && wants(follower.wanted, each))?.seq
    for (let turns = 0; turns < 10_000 && !expected.every(done); turns++) {
      for (const reader of readers) reader.read()
      await turn()
      await resume()
    }
  }

  const check = (): void => {
    for (const follower of followers) {
      const heard = heardBy(follower)
      const start = follower.start(timeline)
      const stored = heard.filter(({ seq }) => seq > 0).map(({ seq }) => seq)
      const meant = timeline
        .filter((each) => each.seq > start && wants(follower.wanted, each))
        .map(({ seq }) => seq)
      expect(stored).toEqual(follower.ended ? meant.slice(0, stored.length) : meant)
      checkTransients(follower, heard, timeline)
      checkLags(follower, start)
    }
  }

  /** Each lag names the last stored event that its reader had, or where it began. */
  const checkLags = (follower: Follower, start: number): void => {
    let known = start
    for (const id of follower.ids) {
      const { heard, lagged } = readerOf(follower.at)
      known = heard.findLast(({ subscription, seq }) => subscription === id && seq > 0)?.seq ?? known
      const lag = lagged.filter(({ subscription }) => subscription === id)
      expect(lag.length).toBeLessThanOrEqual(1)
      for (const { lagged: seq } of lag) expect(seq).toBe(known)
    }
  }

  return { run, settle, check, followers, timeline }
}

/** A transient event comes once at most, and never before a stored one that was posted before it. */
const checkTransients = (
  { wanted: filter }: Follower,
  heard: readonly { seq: number; data: unknown }[],
  timeline: readonly Posted[],
): void => {
  const numberOf = (data: unknown): number =>
    typeof data === 'object' && data !== null && 'n' in data ? Number(data.n) : -1
  const seen = new Set<number>()
  for (const [position, { seq, data }] of heard.entries()) {
    if (seq > 0) continue
    const n = numberOf(data)
    const posted = timeline[n]
    expect(posted && wants(filter, posted)).toBe(true)
    expect(seen.has(n)).toBe(false)
    seen.add(n)
    const later = heard.slice(position).filter((each) => each.seq > 0 && numberOf(each.data) < n)
    expect(later).toEqual([])
  }
}
