// A gigabyte of transcripts taken in, the index for search with it: how long it takes, how much memory the daemon has
// at most, and how long hooks wait that come meanwhile, one every few milliseconds.

import { join } from 'node:path'
import { residentOf } from '../memory.ts'
import { rowOf, type Row } from '../report.ts'
import { hookBody } from '../requests.ts'
import type { Stage, Suite } from '../stage.ts'
import { fillProjects } from './transcripts.ts'

const all = 1_000_000_000
const some = 100_000_000
const mostSeconds = 120
const mostMebibytes = 300
const mostHookMs = 10
const hookEveryMs = 10
const lookEveryMs = 100

export const importing: Suite = async (stage: Stage): Promise<Row[]> => {
  const bytes = stage.quick ? some : all
  const projects = join(stage.folder, 'projects')
  stage.say(`capture: ${bytes / 1e6} MB of transcripts are written`)
  const made = fillProjects(projects, bytes)
  await using daemon = await stage.daemon()
  await stage.quiet()

  let resident = 0
  const looking = setInterval(() => (resident = Math.max(resident, residentOf(daemon.pid))), lookEveryMs)
  const over = new AbortController()
  const hooks = sendHooks(daemon.httpSocket, over.signal)
  stage.say('capture: paid import, and hooks meanwhile')
  const startedAt = performance.now()
  const { code, stderr } = await daemon.run(['import', projects])
  const seconds = (performance.now() - startedAt) / 1000
  over.abort()
  clearInterval(looking)
  const waits = (await hooks).toSorted((a, b) => a - b)
  if (code !== 0) throw new Error(`paid import: ${stderr}`)

  const share = bytes / all
  const at = (part: number): number => waits[Math.min(waits.length - 1, Math.floor(waits.length * part))] ?? 0
  return [
    rowOf({
      what: `paid import of ${bytes / 1e6} MB, ${made.messages.toLocaleString('en-US')} messages, search index included`,
      unit: 's',
      ours: [seconds],
      better: 'less',
      least: mostSeconds * share,
      notes: [`${(bytes / 1e6 / seconds).toFixed(0)} MB/s, ${made.files} files`],
    }),
    rowOf({
      what: 'the same, resident memory of the daemon at most',
      unit: 'MiB',
      ours: [resident / 2 ** 20],
      better: 'less',
      least: mostMebibytes,
      notes: [],
    }),
    rowOf({
      what: 'a hook during it, durable, p99',
      unit: 'ms',
      ours: [at(0.99)],
      better: 'less',
      least: mostHookMs,
      notes: [`${waits.length} hooks, p50 ${at(0.5).toFixed(2)} ms, the slowest ${at(1).toFixed(1)} ms`],
    }),
  ]
}

/** One after the other, with a pause; gives back how long each waited for its answer. */
const sendHooks = async (socket: string, over: AbortSignal): Promise<number[]> => {
  const waits: number[] = []
  while (!over.aborted) {
    const startedAt = performance.now()
    const answer = await fetch('http://paid/hooks/claude', {
      method: 'POST',
      unix: socket,
      headers: { 'content-type': 'application/json' },
      body: hookBody,
    })
    await answer.text()
    waits.push(performance.now() - startedAt)
    await Bun.sleep(hookEveryMs)
  }
  return waits
}
