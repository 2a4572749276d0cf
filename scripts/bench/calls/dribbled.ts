// Deliveries that claim 25 MiB and come in drops, without a length, on many connections at once: what they cost the
// daemon in memory until each is cut off at the limit.

import { residentOf } from '../memory.ts'
import type { Row } from '../report.ts'
import { portOf } from '../requests.ts'
import type { Suite } from '../stage.ts'
import { openWire } from '../../../test/support/wire.ts'

const MiB = 1024 * 1024
const claimed = 25 * MiB
const connections = 16
const piece = Buffer.alloc(16 * 1024, ' ')
const chunk = Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])

export const dribbled: Suite = async (stage) => {
  await using daemon = await stage.daemon()
  const before = residentOf(daemon.pid)
  let most = before
  const looking = setInterval(() => (most = Math.max(most, residentOf(daemon.pid))), 20)
  const port = portOf(daemon.url)
  const head = `POST /webhook/github HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ntransfer-encoding: chunked\r\n\r\n`
  stage.say(`calls: ${connections} deliveries of 25 MiB in drops`)
  const taken = await Promise.all(
    Array.from({ length: connections }, async () => {
      await using wire = await openWire(daemon.url)
      wire.send(head)
      let sent = 0
      while (sent < claimed && !wire.text().includes('HTTP/1.1')) {
        await wire.pour(chunk)
        sent += piece.length
        await Bun.sleep(1)
      }
      const answer = await wire.until('\r\n\r\n')
      if (!answer.startsWith('HTTP/1.1 413')) throw new Error(`Not a 413: ${answer.slice(0, 100)}`)
      return sent
    }),
  )
  clearInterval(looking)
  const rows: Row[] = [
    {
      what: `${connections} webhook deliveries, 25 MiB claimed and dribbled: memory added`,
      unit: 'MiB',
      ours: (most - before) / MiB,
      better: 'less',
      // each may hold its limit, twice while it is put together
      least: connections * 3,
      notes: [`each was cut off after ${(Math.max(...taken) / MiB).toFixed(1)} MiB at most`],
    },
  ]
  return rows
}
