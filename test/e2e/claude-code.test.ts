// The real Claude Code, its hooks installed by `paid hooks install`, talking with the stand-in of its API. A second
// set of hooks that knows nothing of paid keeps every payload in a file: what that witness saw is what must be in the
// log and in `paid tail`, no event less and none twice, whatever happens to the daemon meanwhile.

import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import {
  claudeAvailable,
  claudeMissing,
  type ClaudeHome,
  openClaudeHome,
  openConversation,
} from '../support/claude.ts'
import { environmentOf, runPaid, startDaemon, type TestDaemon } from '../support/daemon.ts'
import { openMessagesApi } from '../support/messages-api.ts'
import { openTail } from '../support/tail.ts'
import { openTerminal } from '../support/terminal.ts'

const api = openMessagesApi()
afterAll(() => api[Symbol.asyncDispose]())

const payload = z.looseObject({ hook_event_name: z.string(), session_id: z.string() })
type Payload = z.infer<typeof payload>
const settingsShape = z.looseObject({ hooks: z.record(z.string(), z.array(z.unknown())) })
const page = z.object({ events: z.array(z.looseObject({ type: z.string(), metadata: payload })) })

/** A home of Claude Code with our hooks in its settings and the witness's beside them, and a daemon that hears them. */
const openStage = async () => {
  const where = openClaudeHome(api)
  const home = join(where.home, '.paid')
  const seen = join(where.home, 'seen')
  mkdirSync(home, { mode: 0o700 })
  const half = join(where.home, 'half')
  for (const folder of [seen, half]) mkdirSync(folder)
  writeFileSync(join(where.project, 'CLAUDE.md'), 'Answer briefly.\n')
  const env = environmentOf(home, { HOME: where.home })
  const { code, stderr } = await runPaid(['hooks', 'install'], { env })
  expect({ code, stderr }).toMatchObject({ code: 0 })
  const installed = settingsShape.parse(JSON.parse(readFileSync(where.settings, 'utf8')))
  const witness = {
    type: 'command',
    command: '/bin/sh',
    // half a payload is none
    args: ['-c', `f=$(mktemp '${half}/XXXXXXXX') && cat > "$f" && mv "$f" '${seen}'`],
  }
  const hooks = Object.fromEntries(
    Object.keys(installed.hooks).map((event) => [event, [{ hooks: [witness] }]]),
  )
  const args = ['--settings', JSON.stringify({ hooks }), '--allowedTools', 'Bash,Write,Agent']

  const start = () => startDaemon({ home, env: { HOME: where.home } })
  return {
    where,
    args,
    start,
    first: await start(),
    /** Every payload that Claude Code gave its hooks so far. */
    witnessed: (): Payload[] =>
      readdirSync(seen).map((file) => payload.parse(JSON.parse(readFileSync(join(seen, file), 'utf8')))),
    [Symbol.dispose]: where[Symbol.dispose],
  }
}
type Stage = Awaited<ReturnType<typeof openStage>>

const kept = async (daemon: TestDaemon): Promise<Payload[]> => {
  const reply = await fetch('http://localhost/events?limit=1000', { unix: daemon.httpSocket })
  return page.parse(await reply.json()).events.map((event) => event.metadata)
}

const sorted = (payloads: readonly Payload[]) => payloads.map((each) => JSON.stringify(each)).sort()
const typesOf = (payloads: readonly Payload[]) =>
  [...new Set(payloads.map((each) => each.hook_event_name))].sort()

const agreeWithinMs = 15_000

/** Compares what the witness saw with log and tail, when they agree or ought to: hooks may end after their session. */
const expectAllHeard = async (stage: Stage, tail: ReturnType<typeof openTail>, daemon: TestDaemon) => {
  const look = async () => ({
    log: sorted(await kept(daemon)),
    tail: sorted(tail.lines.map((line) => z.object({ data: payload }).parse(JSON.parse(line)).data)),
    witness: sorted(stage.witnessed()),
  })
  const agree = ({ log, tail: shown, witness }: Awaited<ReturnType<typeof look>>): boolean =>
    Bun.deepEquals(log, witness) && Bun.deepEquals(shown, witness)
  let found = await look()
  for (const end = performance.now() + agreeWithinMs; !agree(found) && performance.now() < end;) {
    await Bun.sleep(20)
    found = await look()
  }
  expect(found.log).toEqual(found.witness)
  expect(found.tail).toEqual(found.witness)
}

const bash = (command: string) => `::tool Bash ${JSON.stringify({ command, description: 'test' })}`
const agent = JSON.stringify({ description: 'd', prompt: 'say hi', subagent_type: 'general-purpose' })

/** What such a conversation fires for certain; what else it fires must be heard as well. */
const certain =
  'SessionStart UserPromptSubmit PreToolUse PostToolUse PostToolUseFailure PostToolBatch PermissionRequest MessageDisplay SubagentStart SubagentStop Stop StopFailure SessionEnd'.split(
    ' ',
  )

const suite = claudeAvailable ? describe : describe.skip
suite(`Claude Code${claudeAvailable ? '' : ` (skipped: ${claudeMissing})`}`, () => {
  test('a conversation with every kind of turn is heard whole: in the log and in paid tail', async () => {
    using stage = await openStage()
    await using daemon = stage.first
    await using tail = openTail(daemon.env, ['--json', '--since', 'evt_0'])
    await using people = openTail(daemon.env, ['--since', 'evt_0'])
    await using talk = openConversation(stage.where, { args: stage.args })

    const results = [
      await talk.say('hello'),
      await talk.say(`${bash('echo from-bash')}\n${bash('ls /nonexistent')}\n::say two calls`),
      await talk.say(`::par Bash {"command":"echo a"} ;; Bash {"command":"echo b"}\n::say side by side`),
      await talk.say(
        `::tool Write ${JSON.stringify({ file_path: join(stage.where.project, 'w.txt'), content: 'w' })}`,
      ),
      await talk.say('::tool Read {"file_path":"/etc/hostname"}\n::say not allowed'),
      await talk.say(`::tool Agent ${agent}\n::say it ran`),
      await talk.say('::fail 500'),
      await talk.say('::say done'),
    ]
    expect(results.at(-1)).toMatchObject({ subtype: 'success', result: 'done' })
    expect(await talk.end()).toBe(0)

    await expectAllHeard(stage, tail, daemon)
    expect(typesOf(stage.witnessed())).toEqual(expect.arrayContaining(certain))
    await people.until((lines) => lines.length >= tail.lines.length)
    for (const type of typesOf(stage.witnessed())) expect(people.lines.join('\n')).toContain(type)
    expect(people.lines.join('\n')).toContain('echo from-bash')
  }, 60_000)

  test('a daemon killed in the middle of a tool call and started again later loses nothing and shows nothing', async () => {
    using stage = await openStage()
    await using killed = stage.first
    await using tail = openTail(killed.env, ['--json', '--since', 'evt_0'])
    const args = [...stage.args, '--include-hook-events']
    await using talk = openConversation(stage.where, { args })

    await talk.say('hello')
    const middle = await talk.say(`${bash(`kill -9 ${killed.pid} && echo killed`)}\n::say went on`)
    expect(await killed.exited).toBe('SIGKILL')
    const down = await talk.say(`${bash('echo nobody hears')}\n::say still here`)
    await using daemon = await stage.start()
    const again = await talk.say(`${bash('echo heard again')}\n::say good`)
    expect(await talk.end()).toBe(0)

    expect([middle, down, again].map((each) => each['result'])).toEqual(['went on', 'still here', 'good'])
    await expectAllHeard(stage, tail, daemon)
    expect(await talk.stderr).toBe('')
    const ran = talk.lines.filter((line) => line['subtype'] === 'hook_response')
    expect(ran.length).toBeGreaterThan(0)
    expect(ran.filter((line) => line['exit_code'] !== 0 || line['stderr'] !== '')).toEqual([])
  }, 60_000)

  /** One turn with a tool call at a terminal, as its user sees it. */
  const watchTurn = async (where: ClaudeHome, args: readonly string[]) => {
    const screen = openTerminal(where, [...args, '--permission-mode', 'manual', '--allowedTools', 'Bash'])
    await screen.shows('❯')
    api.queue(
      { tools: [{ name: 'Bash', input: { command: 'true', description: 'test' } }] },
      { text: 'THE END' },
    )
    await screen.type('go')
    await screen.shows('THE END')
    await screen.shows('· done')
    return screen
  }

  test('a hook that fails is seen at a terminal', async () => {
    using where = openClaudeHome(api)
    const hooks = { PreToolUse: [{ hooks: [{ type: 'command', command: '/bin/false', args: [] }] }] }
    await using screen = await watchTurn(where, ['--settings', JSON.stringify({ hooks })])
    expect(screen.showed('hook failed')).toBe(true)
  }, 60_000)

  test('with no daemon at all nothing of that is seen, and the events wait in the spool', async () => {
    using stage = await openStage()
    await stage.first.stop()
    await using screen = await watchTurn(stage.where, stage.args)
    expect(screen.showed('hook failed')).toBe(false)
    expect(screen.showed('hook problem')).toBe(false)
    expect(typesOf(stage.witnessed())).toEqual(expect.arrayContaining(['PreToolUse', 'PostToolUse', 'Stop']))

    await using daemon = await stage.start()
    await using tail = openTail(daemon.env, ['--json', '--since', 'evt_0'])
    await expectAllHeard(stage, tail, daemon)
  }, 60_000)
})
