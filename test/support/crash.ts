// kill -9 at random moments of a mixed load, again and again on one home, with a ledger that the writers keep
// themselves: what they were answered, and what they will ask again. The ledger is compared with what the log holds
// after each start. The same code runs twenty rounds in the tests and a thousand by `scripts/crash.ts`.

import { rmSync } from 'node:fs'
import { type Connection, openConnection } from '../../src/client/connection.ts'
import { follow } from '../../src/client/follow.ts'
import { unixLine } from '../../src/client/lines/unix.ts'
import { eventId, seqOfId } from '../../src/protocol/event.ts'
import { startDaemon, temporaryHome, type TestDaemon } from './daemon.ts'
import { ask } from './http-text.ts'

export type CrashReport = {
  seed: number
  rounds: number
  events: number
  acknowledged: number
  askedAgain: number
  hooks: number
  /** each is one broken promise */
  broken: string[]
}

/** A publish that is asked again, under its key, until it is answered. */
type Batch = { key: string; tags: string[]; overHttp: boolean }

const loadMs = 150
const hooksAtOnce = 3

export const crashRounds = async ({
  rounds,
  seed,
  maxMs,
}: {
  rounds: number
  seed: number
  maxMs: number
}) => {
  const until = performance.now() + maxMs
  const random = randomFrom(seed)
  const upTo = (n: number): number => Math.floor(random() * n)
  const home = temporaryHome()
  const ledger = createLedger()
  const unanswered = new Map<string, Batch>()
  const report: CrashReport = {
    seed,
    rounds: 0,
    events: 0,
    acknowledged: 0,
    askedAgain: 0,
    hooks: 0,
    broken: ledger.broken,
  }
  let tags = 0
  const tag = (): string => `t${++tags}`

  const stopFollowing = new AbortController()
  const followed: number[] = []
  let following: Promise<void> | undefined

  const publish = async (daemon: TestDaemon, connection: Connection, batch: Batch): Promise<void> => {
    unanswered.set(batch.key, batch)
    const events = batch.tags.map((each) => ({ type: 'load', data: { tag: each, filler: 'x'.repeat(200) } }))
    let ids: string[]
    if (batch.overHttp) {
      const body = JSON.stringify(events.map(({ type, data }) => ({ type, metadata: data })))
      const answer = await ask(daemon, '/events', {
        method: 'POST',
        body,
        headers: { 'idempotency-key': batch.key },
      })
      if (answer.status !== 200) throw new Error(`answered ${answer.status}`)
      ids = JSON.parse(await answer.text()).eventIds
    } else ids = (await connection.call('event.publish', { events, key: batch.key })).ids
    unanswered.delete(batch.key)
    batch.tags.forEach((each, n) => ledger.acknowledge(each, ids[n]))
  }

  const post = async (daemon: TestDaemon): Promise<void> => {
    const own = tag()
    const body = JSON.stringify({ type: 'load', metadata: { tag: own } })
    const answer = await ask(daemon, '/events', { method: 'POST', body })
    if (answer.status === 200) ledger.acknowledge(own, JSON.parse(await answer.text()).eventId)
  }

  const hook = async (daemon: TestDaemon): Promise<void> => {
    const own = tag()
    const stdin = JSON.stringify({ hook_event_name: 'PostToolUse', session_id: 'crash', tag: own })
    const { code, stderr } = await daemon.run(['hook'], { stdin })
    if (code !== 0 || stderr !== '') ledger.broken.push(`paid hook: exit ${code}, ${stderr}`)
    ledger.expectOnce(own)
    report.hooks++
  }

  /** Every writer at once, until the daemon dies under them. */
  const load = async (daemon: TestDaemon, connection: Connection): Promise<void> => {
    const dead = new AbortController()
    const writing = (write: () => Promise<void>) => async () => {
      while (!dead.signal.aborted) await write().catch(() => Bun.sleep(1))
    }
    const batch = (overHttp: boolean) => () =>
      publish(daemon, connection, {
        key: `key-${tag()}`,
        tags: Array.from({ length: 1 + upTo(20) }, tag),
        overHttp,
      })
    const writers = [
      ...Array.from({ length: 4 }, () => writing(() => post(daemon))),
      ...Array.from({ length: 2 }, () => writing(batch(true))),
      ...Array.from({ length: 16 }, () => writing(batch(false))),
      ...Array.from({ length: hooksAtOnce }, () => writing(() => hook(daemon))),
    ].map((write) => write())
    await Bun.sleep(1 + upTo(loadMs)) // the random moment
    await daemon.kill('SIGKILL')
    dead.abort()
    await Promise.all(writers)
  }

  const askAgain = async (daemon: TestDaemon, connection: Connection): Promise<void> => {
    report.askedAgain += unanswered.size
    await Promise.all([...unanswered.values()].map((batch) => publish(daemon, connection, batch)))
  }

  try {
    while (report.rounds < rounds && performance.now() < until) {
      await using daemon = await startDaemon({ home })
      await using connection = await openConnection(daemon.socket)
      following ??= (async () => {
        for await (const { seq } of follow(
          { since: 'evt_0', all: true },
          { open: unixLine(daemon.socket), signal: stopFollowing.signal },
        ))
          if (seq !== undefined) followed.push(seq)
      })()
      await ledger.compare(connection, unanswered.values())
      // now and then it dies before what was open is asked again, or while it is
      if (random() < 0.7) await askAgain(daemon, connection)
      await load(daemon, connection)
      report.rounds++
    }
    await using daemon = await startDaemon({ home })
    await using connection = await openConnection(daemon.socket)
    await askAgain(daemon, connection)
    while ((await connection.call('system.status', {})).spool.waiting > 0) await Bun.sleep(10)
    await ledger.compare(connection, unanswered.values())
    ledger.complete()
    report.events = ledger.head()
    report.acknowledged = ledger.acknowledged()
    while (followed.length < ledger.head() && performance.now() < until + 10_000) await Bun.sleep(5)
    const wrong = followed.findIndex((seq, at) => seq !== at + 1)
    if (wrong >= 0 || followed.length !== ledger.head())
      ledger.broken.push(
        `a follower saw ${followed.length} of ${ledger.head()} events, first wrong at ${wrong}`,
      )
  } finally {
    stopFollowing.abort()
    await following
    rmSync(home, { recursive: true, force: true })
  }
  return report
}

const createLedger = () => {
  const answered = new Map<string, number>()
  const once = new Set<string>()
  /** answered since the last comparison */
  let recent: string[] = []
  /** what the log was seen to hold */
  const seen = new Map<string, number>()
  const broken: string[] = []
  let head = 0

  const check = (tag: string): void => {
    if (seen.get(tag) !== answered.get(tag))
      broken.push(`${tag} was answered evt_${answered.get(tag)}; the log has evt_${seen.get(tag)}`)
  }

  return {
    broken,
    head: () => head,
    acknowledged: () => answered.size,
    acknowledge: (tag: string, id: string | undefined): void => {
      const seq = seqOfId(id ?? '')
      if (seq === undefined) return void broken.push(`${tag} was answered ${id}`)
      const before = answered.get(tag)
      if (before !== undefined && before !== seq) broken.push(`${tag} was evt_${before} and then ${id}`)
      const known = seen.get(tag)
      if (known !== undefined && known !== seq) broken.push(`${tag} is evt_${known} and was answered ${id}`)
      answered.set(tag, seq)
      recent.push(tag)
    },
    expectOnce: (tag: string): void => void once.add(tag),

    /** Reads what is new in the log and holds it against what was answered; `open` batches are there whole or not at all. */
    compare: async (connection: Connection, open: Iterable<Batch>): Promise<void> => {
      for (;;) {
        const { events } = await connection.call('event.list', {
          all: true,
          since: eventId(head),
          limit: 1000,
        })
        if (events.length === 0) break
        for (const { seq = 0, data, id } of events) {
          if (seq !== head + 1) broken.push(`after evt_${head} comes ${id}`)
          head = seq
          const tag = typeof data === 'object' && data !== null ? Reflect.get(data, 'tag') : undefined
          if (typeof tag !== 'string') continue
          const first = seen.get(tag)
          if (first !== undefined) broken.push(`${tag} is stored twice: evt_${first} and ${id}`)
          seen.set(tag, seq)
        }
      }
      for (const tag of recent) check(tag)
      recent = []
      for (const { key, tags } of open) {
        const stored = tags.filter((tag) => seen.has(tag)).length
        if (stored !== 0 && stored !== tags.length)
          broken.push(`${stored} of ${tags.length} events of ${key} are stored`)
      }
    },

    /** Nothing is on its way any more: what had to come exactly once has come. */
    complete: (): void => {
      for (const tag of answered.keys()) check(tag)
      for (const tag of once) if (!seen.has(tag)) broken.push(`the hook ${tag} is lost`)
    },
  }
}

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
const randomFrom = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
