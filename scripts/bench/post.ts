// POST /events, durable, against the least that Bun.serve can do with the same bytes; and the same with viewers. paid
// is asked the way it is installed: over TCP, with its token.

import { z } from 'zod'
import { inTurns, series } from './rounds.ts'
import { loadRow, type Row } from './report.ts'
import { portOf, postRequest } from './requests.ts'
import type { Suite } from './stage.ts'
import type { ViewerOptions, Watched } from './viewers.ts'

const viewers = 10

export const post: Suite = async (stage) => {
  const rounds = stage.quick ? 3 : 5
  const times = stage.quick ? { warmMs: 300, runMs: 700 } : { warmMs: 500, runMs: 1500 }
  await using daemon = await stage.daemon()
  await using bare = await stage.serve('http')
  const { token } = daemon

  const measured = (server: { pid: number; url: string }, connections: number, partners: number[] = []) => {
    const port = portOf(server.url)
    const http = { port, request: postRequest(port, { token }), connections }
    return stage.load({ server: server.pid, partners, ...times, http })
  }
  const floor = (connections: number) =>
    series(() => measured({ pid: bare.pid, url: bare.said }, connections))
  const ours = (connections: number) => series(() => measured(daemon, connections))

  const head = async (): Promise<number> => {
    const stats = await fetch(`${daemon.url}/stats`, { headers: { authorization: `Bearer ${token}` } })
    return z.object({ totalEvents: z.number() }).parse(await stats.json()).totalEvents
  }
  let posted = 0
  let heard = 0
  const watched = series(async () => {
    const before = await head()
    const options: ViewerOptions = { port: portOf(daemon.url), path: '/ws', token, viewers }
    await using watching = await stage.watch<Watched>('viewers.ts', options)
    const found = await measured(daemon, 32, [watching.pid])
    const { frames } = await watching.end()
    posted += (await head()) - before
    heard += frames.reduce((sum, each) => sum + each, 0) / viewers
    return found
  })

  const [floor32, ours32, floor128, ours128] = [floor(32), ours(32), floor(128), ours(128)]
  stage.say(`post: ${rounds} rounds of 32 and 128 connections, and 32 with ${viewers} viewers`)
  await inTurns(rounds, [floor32, ours32, watched, ours128, floor128])

  const rows: Row[] = [
    loadRow('POST /events, durable, 32 connections', {
      ours: ours32.results,
      floors: floor32.results,
      least: 0.35,
      aim: 0.45,
    }),
    loadRow('POST /events, durable, 128 connections', {
      ours: ours128.results,
      floors: floor128.results,
      least: 0.5,
      aim: 0.6,
    }),
    loadRow(`POST /events, durable, 32 connections, ${viewers} viewers`, {
      ours: watched.results,
      floors: floor32.results,
      least: 0.25,
      aim: 0.35,
      notes: [`each viewer got ${((heard / posted) * 100).toFixed(2)} % of ${Math.round(posted)} events`],
    }),
  ]
  return rows
}
