// `bun run bench [SUITE…] [--quick] [--json]`: how fast paid is, each figure beside a floor that was measured in the same
// run, in turns with it. It tests nothing: it exits with 1 only when something could not be measured. It talks to
// loopback alone, ends by itself, and leaves no process and no file. PAID_BIN names another binary than dist/paid.

import { parseArgs } from 'node:util'
import { machineLine } from './bench/machine.ts'
import { notesOf, type Row, tableOf, verdictOf } from './bench/report.ts'
import { openStage, type Suite } from './bench/stage.ts'
import { calls } from './bench/calls.ts'
import { capture } from './bench/capture.ts'
import { claude } from './bench/claude.ts'
import { fanOut } from './bench/fan-out.ts'
import { history } from './bench/history.ts'
import { hook } from './bench/hook.ts'
import { idle } from './bench/idle.ts'
import { post } from './bench/post.ts'
import { sessions } from './bench/sessions.ts'
import { socket } from './bench/socket.ts'
import { status } from './bench/status.ts'

const suites: Record<string, Suite> = {
  post,
  'fan-out': fanOut,
  socket,
  calls,
  history,
  hook,
  sessions,
  capture,
  status,
  idle,
  claude,
}

const usage = `usage: bun run bench [${Object.keys(suites).join('] [')}] [--quick] [--json]`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
})
const unknown = positionals.filter((name) => !Object.hasOwn(suites, name))
if (unknown.length > 0) {
  console.error(`There is no suite ${unknown.join(', ')}\n${usage}`)
  process.exit(2)
}

/** whatever hangs, it is over by then */
const longestMs = values.quick ? 240_000 : 900_000

const startedAt = performance.now()
const stage = await openStage({ quick: values.quick, say: (line) => console.error(line) }).catch(
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error))
    process.exit(1)
  },
)
const leave = (code: number): never => {
  stage[Symbol.dispose]()
  process.exit(code)
}
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
] as const)
  process.on(signal, () => leave(128 + number))
setTimeout(() => {
  console.error(`It took longer than ${longestMs / 1000} s`)
  leave(1)
}, longestMs).unref()

const rows: Row[] = []
const failed: string[] = []
const machine = machineLine(stage.folder)
for (const [name, suite] of Object.entries(suites)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  try {
    rows.push(...(await suite(stage)))
  } catch (error) {
    failed.push(name)
    console.error(`${name} could not run: ${error instanceof Error ? error.stack : String(error)}`)
  }
}

const seconds = Math.round((performance.now() - startedAt) / 1000)
if (values.json)
  console.log(
    JSON.stringify(
      { machine, seconds, failed, rows: rows.map((row) => ({ ...row, verdict: verdictOf(row) })) },
      null,
      2,
    ),
  )
else console.log(`${notesOf(rows)}\n\n${machine}\n\n${tableOf(rows)}\n\n${rows.length} rows in ${seconds} s`)
leave(failed.length > 0 ? 1 : 0)
