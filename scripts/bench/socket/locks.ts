// Taking and giving back a lock, both on disk before they are answered, against Redis: `SET NX PX`, and the script that
// deletes what its holder set.

import type { TestDaemon } from '../../../test/support/daemon.ts'
import type { Exchanged, ExchangeOptions } from '../exchange.ts'
import { askRedis, commandOf, type Redis } from '../redis.ts'
import { loadRow, type Row } from '../report.ts'
import { callLine } from '../requests.ts'
import { inTurns, series, type Series } from '../rounds.ts'
import type { Stage } from '../stage.ts'
import { exchange, type Times } from './exchanges.ts'

const atOnce = 64
const ttl = 30_000
const holder = 'agent-7'

const script =
  "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"

type Connections = ExchangeOptions['connections']
/** Takes and gives back of locks by their numbers: all are taken, then all are given back. */
type Turns = (locks: readonly string[]) => Connections[number]

const ours: Turns = (locks) => {
  const acquire = locks.map((name) => callLine('lock.acquire', { name, holder, ttl }))
  const release = locks.map((name) => callLine('lock.release', { name, holder }))
  return {
    asks: [...acquire, ...release],
    answers: [
      ...acquire.map(() => '{"id":1,"result":{"acquired":t'),
      ...release.map(() => '{"id":1,"result":{"released":t'),
    ],
  }
}

const theirs =
  (hash: string): Turns =>
  (locks) => {
    const set = locks.map((name) => commandOf('SET', name, holder, 'NX', 'PX', String(ttl)))
    const release = locks.map((name) => commandOf('EVALSHA', hash, '1', name, holder))
    return { asks: [...set, ...release], answers: [...set.map(() => '+'), ...release.map(() => ':1')] }
  }

let runs = 0
/** New ones each time: the run before may have ended with some of its own taken. */
const newLocks = (): string[] => {
  runs++
  return Array.from({ length: atOnce }, (_, n) => `build-${runs}-${n}`)
}

/** What takes place at once, each a row. */
const cases: {
  what: string
  least: number
  aim?: number
  inFlight: number
  of: (turns: Turns) => Connections
}[] = [
  { what: 'one at a time', least: 0.8, inFlight: 1, of: (turns) => [turns(newLocks().slice(0, 1))] },
  {
    what: `${atOnce} at once, a connection each`,
    least: 0.6,
    aim: 1,
    inFlight: 1,
    of: (turns) => newLocks().map((name) => turns([name])),
  },
  {
    what: `${atOnce} at once on one connection`,
    least: 0.6,
    aim: 1,
    inFlight: atOnce,
    of: (turns) => [turns(newLocks())],
  },
]

export const durableLocks = async (
  stage: Stage,
  { daemon, redis }: { daemon: TestDaemon; redis: Redis | undefined },
  times: Times,
): Promise<Row[]> => {
  if (!redis) return []
  const hash = (await askRedis(redis.socket, 'SCRIPT', 'LOAD', script)).split('\r\n')[1] ?? ''
  const measured = cases.map(({ of, inFlight }) => ({
    floor: series(() =>
      exchange(
        stage,
        { server: redis.pid, socket: redis.socket, connections: of(theirs(hash)), inFlight },
        times,
      ),
    ),
    ours: series(() =>
      exchange(stage, { server: daemon.pid, socket: daemon.socket, connections: of(ours), inFlight }, times),
    ),
  }))
  stage.say(`socket: ${times.rounds} rounds of locks`)
  await inTurns(
    times.rounds,
    measured.flatMap((each) => [each.floor, each.ours]),
  )
  // a lock taken and given back is two answers
  const pairs = ({ results }: Series<Exchanged>) =>
    results.map(({ measured: found }) => ({
      ...found,
      perSecond: found.perSecond / 2,
      ...(found.serverMicros !== undefined && { serverMicros: found.serverMicros * 2 }),
    }))
  return cases.flatMap(({ what, least, aim }, at) => {
    const found = measured[at]
    if (!found) return []
    return loadRow(`lock taken and given back, durable, ${what}, against Redis`, {
      ours: pairs(found.ours),
      floors: pairs(found.floor),
      least,
      ...(aim !== undefined && { aim }),
    })
  })
}
