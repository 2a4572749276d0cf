// Transient events to a hundred WebSockets, against Bun's own publishing of the same bytes. Calls come in over a Unix
// socket in both, and the slowest viewer sets the pace.

import { inTurns, series } from './rounds.ts'
import { loadRow } from './report.ts'
import { callLine, portOf, publishParams } from './requests.ts'
import type { Suite } from './stage.ts'
import type { Fanned } from './publishing.ts'
import type { ViewerOptions } from './viewers.ts'

const viewers = 100

export const fanOut: Suite = async (stage) => {
  const rounds = stage.quick ? 3 : 5
  const times = stage.quick ? { warmMs: 400, runMs: 800 } : { warmMs: 700, runMs: 1500 }
  await using daemon = await stage.daemon()
  const socket = `${stage.folder}/publish.sock`
  await using bare = await stage.serve('publish', socket)

  const fan = (options: Omit<ViewerOptions, 'token' | 'viewers' | 'path'>) =>
    stage.measure<Fanned>(
      'viewers.ts',
      { ...options, path: '/ws', token: daemon.token, viewers } satisfies ViewerOptions,
      times.warmMs + times.runMs,
    )
  const { type, data } = publishParams
  // what a viewer of ours gets, to the byte but for the time in it
  const frame = { type: 'event', data: { type, timestamp: '2026-01-01T12:00:00.000Z', metadata: data } }
  const floor = series(() =>
    fan({
      port: portOf(bare.said),
      publish: {
        server: bare.pid,
        socket,
        line: callLine('publish', { text: JSON.stringify(frame) }),
        ...times,
      },
    }),
  )
  const line = callLine('event.publish', { ...publishParams, transient: true })
  const ours = series(() =>
    fan({ port: portOf(daemon.url), publish: { server: daemon.pid, socket: daemon.socket, line, ...times } }),
  )
  stage.say(`fan-out: ${rounds} rounds with ${viewers} viewers`)
  await inTurns(rounds, [floor, ours])
  const bytes = (all: readonly Fanned[]) => Math.round(all[0]?.frameBytes ?? 0)
  return [
    loadRow(`fan-out of transient events to ${viewers} viewers`, {
      unit: 'deliveries/s',
      ours: ours.results.map(({ measured }) => measured),
      floors: floor.results.map(({ measured }) => measured),
      least: 0.6,
      notes: [`a delivery has ${bytes(ours.results)} bytes on the wire, the floor's ${bytes(floor.results)}`],
    }),
  ]
}
