// Transient messages from one photon client to a hundred, against a bare server of the same frames that writes once a
// turn, and against Redis.

import type { TestDaemon } from '../../../test/support/daemon.ts'
import type { Fanned } from '../publishing.ts'
import type { Redis } from '../redis.ts'
import { commandOf } from '../redis.ts'
import { loadRow, type Row } from '../report.ts'
import { publishParams } from '../requests.ts'
import { inTurns, series, type Series } from '../rounds.ts'
import type { Running, Stage } from '../stage.ts'
import { fan, publishLine, subscribeLine, type Times } from './exchanges.ts'

const subscribers = 100

export const photonFanOut = async (
  stage: Stage,
  { daemon, bare, redis }: { daemon: TestDaemon; bare: Running; redis: Redis | undefined },
  times: Times,
): Promise<Row[]> => {
  const { channel, data } = publishParams
  const all = { greeted: 1, lines: 1, hear: subscribers }
  const photon = (server: number, socket: string) =>
    series(() =>
      fan(
        stage,
        {
          ...all,
          socket,
          greetings: Array<string>(subscribers).fill(subscribeLine(channel)),
          publish: { server, socket, line: publishLine(channel, data) },
        },
        times,
      ),
    )
  const ours = photon(daemon.pid, daemon.socket)
  const floor = photon(bare.pid, bare.said)
  const peer =
    redis &&
    series(() =>
      fan(
        stage,
        {
          ...all,
          socket: redis.socket,
          greetings: Array<string>(subscribers).fill(commandOf('SUBSCRIBE', channel)),
          greeted: 6,
          lines: 7,
          publish: {
            server: redis.pid,
            socket: redis.socket,
            line: commandOf('PUBLISH', channel, JSON.stringify(data)),
            refusal: '-',
          },
        },
        times,
      ),
    )
  stage.say(`socket: ${times.rounds} rounds of messages to ${subscribers} subscribers`)
  await inTurns(times.rounds, peer ? [floor, ours, peer] : [floor, ours])
  const load = ({ results }: Series<Fanned>) => results.map(({ measured }) => measured)
  const bytes = ({ results }: Series<Fanned>) => Math.round(results[0]?.frameBytes ?? 0)
  const against = (what: string, other: Series<Fanned>, least: number, aim: number) =>
    loadRow(`transient fan-out, 1 publisher to ${subscribers} subscribers, against ${what}`, {
      unit: 'deliveries/s',
      ours: load(ours),
      floors: load(other),
      least,
      aim,
      notes: [`a delivery has ${bytes(ours)} bytes on the wire, the floor's ${bytes(other)}`],
    })
  return [against('a bare server', floor, 0.6, 0.8), ...(peer ? [against('Redis', peer, 0.7, 1)] : [])]
}
