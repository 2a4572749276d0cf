// The load generator, a process of its own: `bun load.ts OPTIONS` runs one measurement and prints it as one line of
// JSON. Its work for each request is two system calls and a glance at the bytes, the same for a floor and for paid.

import { openWindow, type Measured } from './measured.ts'
import { startHttpLoad, type HttpLoad } from './load-http.ts'
import { startLineLoad } from './load-lines.ts'

export type LoadOptions = {
  /** pid of what is measured */
  server: number
  /** pids of processes that belong to the load beside this one */
  partners?: number[]
  warmMs: number
  runMs: number
} & ({ http: HttpLoad } | { lines: { socket: string; line: string; inFlight: number } })

const run = async (options: LoadOptions): Promise<Measured> => {
  const failure = Promise.withResolvers<never>()
  const load =
    'http' in options
      ? await startHttpLoad(options.http, failure.reject)
      : await startLineLoad(options.lines, failure.reject)
  const wait = (ms: number) => Promise.race([failure.promise, Bun.sleep(ms)])
  await wait(options.warmMs)
  const before = load.counted
  const window = openWindow(options.server, options.partners)
  await wait(options.runMs)
  return window.close(load.counted - before)
}

const options: LoadOptions = JSON.parse(process.argv[2] ?? '')
try {
  console.log(JSON.stringify(await run(options)))
  process.exit(0)
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
}
