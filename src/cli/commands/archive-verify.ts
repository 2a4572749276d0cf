// `paid archive verify`: every kept byte against its hash. Exit code 1 when one is not as it was written.

import { withDaemon } from '../home.ts'
import type { Verified } from '../../protocol/archive.ts'
import { say, sayJson, tell } from '../output.ts'
import { visible } from '../visible.ts'

const verify = async ({ json }: { json: boolean }): Promise<number> => {
  const total: Verified = { sessions: 0, chunks: 0, bytes: 0, damaged: [] }
  await withDaemon(async (daemon) => {
    for (let after: number | undefined; ;) {
      const some = await daemon.call('archive.verify', after === undefined ? {} : { after }, {
        timeoutMs: 600_000,
      })
      total.sessions += some.sessions
      total.chunks += some.chunks
      total.bytes += some.bytes
      total.damaged.push(...some.damaged)
      if (some.next === undefined) return
      after = some.next
    }
  })
  const { damaged, sessions, chunks, bytes } = total
  if (json) sayJson(total)
  else {
    for (const { session, chunk, why } of damaged)
      tell(
        visible(
          `${session === undefined ? 'the file' : `session ${session}`}${chunk === undefined ? '' : `, chunk ${chunk}`}: ${why}`,
        ),
      )
    const size = `${sessions.toLocaleString('en-US')} sessions, ${chunks.toLocaleString('en-US')} chunks, ${(bytes / 1e6).toFixed(1)} MB`
    say(
      damaged.length === 0
        ? `Everything is as it was written: ${size}.`
        : `${damaged.length} places are damaged, of ${size}.`,
    )
  }
  return damaged.length === 0 ? 0 : 1
}

export default verify
