// What a message costs with a thousand subscribers of other channels, against what it costs with none.

import type { TestDaemon } from '../../../test/support/daemon.ts'
import { median } from '../rounds.ts'
import { rowOf, type Row } from '../report.ts'
import { publishParams } from '../requests.ts'
import { inTurns, series } from '../rounds.ts'
import type { Stage } from '../stage.ts'
import { fan, publishLine, subscribeLine, type Times } from './exchanges.ts'

const many = 1000

export const manyChannels = async (stage: Stage, daemon: TestDaemon, times: Times): Promise<Row[]> => {
  const channelOf = (n: number) => `room:${n}`
  const measured = (subscribers: number) =>
    series(() =>
      fan(
        stage,
        {
          socket: daemon.socket,
          greetings: Array.from({ length: subscribers }, (_, n) => subscribeLine(channelOf(n))),
          greeted: 1,
          lines: 1,
          hear: 1,
          publish: {
            server: daemon.pid,
            socket: daemon.socket,
            line: publishLine(channelOf(0), publishParams.data),
          },
        },
        times,
      ),
    )
  const [one, thousand] = [measured(1), measured(many)]
  stage.say(`socket: ${times.rounds} rounds of messages beside ${many} channels`)
  await inTurns(times.rounds, [one, thousand])
  const micros = ({ results }: typeof one) => results.map((each) => each.measured.serverMicros ?? NaN)
  const perSecond = ({ results }: typeof one) =>
    Math.round(median(results.map((each) => each.measured.perSecond))).toLocaleString('en-US')
  return [
    rowOf({
      what: `CPU of one message, ${many} subscribers on ${many} channels, against one subscriber`,
      unit: 'µs',
      ours: micros(thousand),
      floors: micros(one),
      better: 'less',
      least: 1.5,
      notes: [`messages/s: ${perSecond(thousand)} and ${perSecond(one)}`],
    }),
  ]
}
