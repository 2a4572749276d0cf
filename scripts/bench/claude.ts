// What hooks cost the real Claude Code: turns of a conversation against a stand-in of its API, with no hooks, with those
// of `paid hooks install`, and with curl in their place. The sessions stay open side by side and take turns.

import { z } from 'zod'
import { hookEvents } from '../../src/cli/hooks/events.ts'
import {
  claudeAvailable,
  claudeMissing,
  openClaudeHome,
  openConversation,
} from '../../test/support/claude.ts'
import { openMessagesApi } from '../../test/support/messages-api.ts'
import { inTurns, median, series } from './rounds.ts'
import { rowOf, type Row } from './report.ts'
import type { Suite } from './stage.ts'

const prompt = '::tool Bash {"command":"true","description":"nothing"}\n::say done'
const permitted = ['--allowedTools', 'Bash']

export const claude: Suite = async (stage) => {
  if (!claudeAvailable) {
    stage.say(`claude: skipped, ${claudeMissing}`)
    return []
  }
  const turns = stage.quick ? 10 : 30
  await using api = openMessagesApi()
  await using daemon = await stage.daemon()
  const post = [
    '-s',
    '-o',
    '/dev/null',
    '--unix-socket',
    daemon.httpSocket,
    '-H',
    'content-type: application/json',
  ]
  const curl = {
    type: 'command',
    command: 'curl',
    args: [...post, '--data-binary', '@-', 'http://localhost/hooks/claude'],
  }
  const hooksOf = (hook: (event: string) => object) => ({
    hooks: Object.fromEntries(Object.keys(hookEvents).map((event) => [event, [{ hooks: [hook(event)] }]])),
  })

  await using opened = new AsyncDisposableStack()
  const session = async (prepare: (home: string) => Promise<object | undefined>) => {
    const where = opened.use(openClaudeHome(api))
    const settings = await prepare(where.home)
    const args = settings ? [...permitted, '--settings', JSON.stringify(settings)] : permitted
    const talk = opened.use(
      openConversation({ ...where, env: { ...where.env, PAID_HOME: daemon.home } }, { args }),
    )
    // what a session does once, on its first turns, is not a turn's price
    for (let turn = 0; turn < 3; turn++) await talk.say(prompt)
    return series(async () => {
      const startedAt = performance.now()
      await talk.say(prompt)
      return performance.now() - startedAt
    })
  }
  const none = await session(async () => undefined)
  const ours = await session(async (home) => {
    const env = { ...daemon.env, HOME: home }
    const child = stage.spawn([stage.binary, 'hooks', 'install'], env)
    if ((await child.exited) !== 0) throw new Error('paid hooks install failed')
    return undefined
  })
  const beside = await session(async () =>
    hooksOf((event) => {
      const { flags: _flags, ...options } = hookEvents[event] ?? {}
      return { ...curl, ...options }
    }),
  )
  const waited = await session(async () => hooksOf(() => curl))

  const heard = await eventsHeard(daemon.httpSocket)
  stage.say(`claude: ${turns} turns in each of four sessions`)
  await stage.quiet()
  await inTurns(turns, [none, ours, beside, waited])
  const each = ((await eventsHeard(daemon.httpSocket)) - heard) / turns / 3
  const row = (what: string, { results }: typeof ours): Row =>
    rowOf({
      what: `a turn with a tool call in Claude Code, ${what}`,
      unit: 'ms',
      ours: results,
      floors: none.results,
      better: 'less',
      notes: [
        `${turns} turns, ${each.toFixed(1)} hooks each, ${(median(results) - median(none.results)).toFixed(0)} ms more than none`,
      ],
    })
  return [
    row('hooks by paid hooks install', ours),
    row('curl in their place, exec form', beside),
    row('curl, and every one waited for', waited),
  ]
}

const stats = z.object({ totalEvents: z.number() })
const eventsHeard = async (socket: string): Promise<number> =>
  stats.parse(await (await fetch('http://localhost/stats', { unix: socket })).json()).totalEvents
