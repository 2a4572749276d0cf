// Guards 24 and 26 (and 15, for the one child there is): a disk that is full, a process that is stopped, killed or
// told to end. What was answered is kept, what was not is refused aloud, and it goes on by itself when it can.

import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { ask, head } from '../support/http-text.ts'
import { openHome } from '../support/home.ts'
import { openTail } from '../support/tail.ts'
import { openWire } from '../support/wire.ts'

type Answer = { status: number; code?: string; eventId?: string }

const post = async (daemon: TestDaemon, type: string, metadata: object = {}): Promise<Answer> => {
  const answer = await ask(daemon, '/events', { method: 'POST', body: JSON.stringify({ type, metadata }) })
  return { status: answer.status, ...JSON.parse(await answer.text()) }
}

/** Every event that is stored, oldest first. */
const stored = async (daemon: TestDaemon): Promise<{ id: string; type: string }[]> => {
  const found: { id: string; type: string }[] = []
  for (let since = 'evt_0'; ;) {
    const page = JSON.parse(await (await ask(daemon, `/events?since=${since}&limit=1000`)).text())
    if (page.total === 0) return found
    found.push(...page.events)
    since = page.next
  }
}

const hookText = (n: number) =>
  JSON.stringify({ hook_event_name: 'PostToolUse', session_id: 'faults', tool_use_id: `use-${n}` })

const seqOf = (id: string | undefined): number => Number(id?.slice(4))

describe.skipIf(!Bun.which('prlimit'))('guard 24: a full disk', () => {
  /** no file of the daemon may grow beyond this; undefined: as it was */
  const limitFiles = (daemon: TestDaemon, bytes: number | undefined) => {
    const { exitCode } = Bun.spawnSync([
      'prlimit',
      '--pid',
      `${daemon.pid}`,
      `--fsize=${bytes ?? 'unlimited'}:unlimited`,
    ])
    expect(exitCode).toBe(0)
  }
  const onFullDisk = () => startDaemon({ through: ['sh', '-c', 'trap "" XFSZ; exec "$@"', 'sh'] })
  const wal = (daemon: TestDaemon) => statSync(`${daemon.paths.database}-wal`).size

  test('in the middle of a group: everything in it is refused, what was answered is kept, and it heals by itself', async () => {
    await using daemon = await onFullDisk()
    const answered: string[] = []
    const note = ({ status, eventId }: Answer) => {
      if (status === 200 && eventId !== undefined) answered.push(eventId)
    }
    note(await post(daemon, 'before'))
    limitFiles(daemon, wal(daemon) + 256 * 1024)

    const answers = await Promise.all(
      Array.from({ length: 64 }, (_, n) => post(daemon, `n${n}`, { filler: 'x'.repeat(20_000) })),
    )
    answers.forEach(note)
    const refused = answers.filter(({ status }) => status !== 200)
    expect(refused.length).toBeGreaterThan(0)
    for (const answer of refused) expect(answer).toMatchObject({ status: 503, code: 'storage_full' })
    expect((await ask(daemon, '/ready')).status).toBe(503)
    expect((await ask(daemon, '/health')).status).toBe(200)
    expect((await daemon.run(['status'])).stdout).toContain('CANNOT BE WRITTEN')
    expect(await stored(daemon)).toHaveLength(answered.length)

    // now not even a small one has room
    limitFiles(daemon, 4096)
    for (let n = 0; n < 5; n++) {
      const { code, stdout, stderr } = await daemon.run(['hook'], { stdin: hookText(n) })
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' })
    }
    const waiting = () => readdirSync(daemon.paths.spool).filter((name) => name.endsWith('.json')).length
    expect(waiting()).toBe(5)

    limitFiles(daemon, undefined)
    while ((await ask(daemon, '/ready')).status !== 200) await Bun.sleep(20)
    note(await post(daemon, 'after'))
    while (waiting() > 0) await Bun.sleep(20)

    const events = await stored(daemon)
    expect(events.map(({ id }) => id)).toEqual(expect.arrayContaining(answered))
    expect(events.filter(({ type }) => type === 'PostToolUse')).toHaveLength(5)
    expect(events).toHaveLength(answered.length + 5)
    const status = JSON.parse((await daemon.run(['status', '--json'])).stdout)
    expect(status.log).toMatchObject({ writable: true, events: events.length, sessions: 1 })
    expect(status.log.lostGroups).toBeGreaterThan(0)

    await daemon.kill('SIGKILL')
    await using again = await startDaemon({ home: daemon.home })
    expect(await stored(again)).toEqual(events)
    expect((await post(again, 'next')).status).toBe(200)
  }, 60_000)

  test('for a long time: readers go on, followers get what comes after, once and in order', async () => {
    await using daemon = await onFullDisk()
    await using tail = openTail(daemon.env, ['--json', '--since', 'evt_0'])
    await post(daemon, 'first')
    await tail.until((lines) => lines.some((line) => line.includes('"first"')))
    limitFiles(daemon, 4096)
    for (let n = 0; n < 50; n++) {
      expect(await post(daemon, 'lost', { filler: 'x'.repeat(10_000) })).toMatchObject({ status: 503 })
      expect((await ask(daemon, '/events')).status).toBe(200)
    }
    limitFiles(daemon, undefined)
    let healed = await post(daemon, 'healed')
    while (healed.status !== 200) healed = await post(daemon, 'healed')
    await tail.until((lines) => lines.some((line) => line.includes('"healed"')))
    const seen = tail.lines.map((line) => JSON.parse(line))
    expect(seen.map(({ type }) => type)).toEqual(['first', 'healed'])
    expect(seen[1].id).toBe(healed.eventId)
    expect(readFileSync(daemon.paths.log, 'utf8')).toContain('the log can be written again')
  }, 60_000)
})

describe('guard 26', () => {
  test('stopped for some seconds and continued: whoever asked is answered, nothing is missed or doubled', async () => {
    await using daemon = await startDaemon()
    await using tail = openTail(daemon.env, ['--json', '--since', 'evt_0'])
    await post(daemon, 'before')
    await tail.until((lines) => lines.length > 0)

    await daemon.kill('SIGSTOP')
    const asked = Promise.all(Array.from({ length: 20 }, (_, n) => post(daemon, `asked-${n}`)))
    const hooks = await Promise.all(
      Array.from({ length: 5 }, (_, n) => daemon.run(['hook'], { stdin: hookText(n) })),
    )
    for (const hook of hooks) expect(hook).toEqual({ code: 0, stdout: '', stderr: '' })
    await Bun.sleep(3000) // the fault itself: this is how long it stands still
    await daemon.kill('SIGCONT')

    const answers = await asked
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    const after = await post(daemon, 'after')
    const spooled = () => readdirSync(daemon.paths.spool).filter((name) => name.endsWith('.json'))
    while (spooled().length > 0) await Bun.sleep(20)
    const events = await stored(daemon)
    // a hook gave up and was spooled, and what it had sent is read now too: both are one event
    expect(events.filter(({ type }) => type === 'PostToolUse')).toHaveLength(5)
    expect(events.filter(({ type }) => type.startsWith('asked-'))).toHaveLength(20)
    const ids = events.map(({ id }) => id)
    expect(ids).toContain(after.eventId ?? '')
    await tail.until((lines) => lines.length >= events.length)
    expect(tail.lines.map((line) => JSON.parse(line).id)).toEqual(ids)
  }, 60_000)

  test('killed and started again: a follower goes on where it was, and the answered ones are there', async () => {
    await using daemon = await startDaemon()
    await using tail = openTail(daemon.env, ['--json', '--since', 'evt_0'])
    const first = await post(daemon, 'first')
    await tail.until((lines) => lines.length > 0)
    await daemon.kill('SIGKILL')
    expect(existsSync(daemon.paths.socket)).toBe(true)
    await daemon.run(['hook'], { stdin: hookText(0) })
    await using again = await startDaemon({ home: daemon.home })
    const second = await post(again, 'second')
    await tail.until((lines) => lines.length >= 3)
    const seen = tail.lines.map((line) => JSON.parse(line))
    expect(new Set(seen.map(({ type }) => type))).toEqual(new Set(['PostToolUse', 'first', 'second']))
    const seqs = seen.map(({ id }) => seqOf(id))
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
    const ids = seen.map(({ id }) => id)
    expect(ids[0]).toBe(first.eventId)
    expect(ids).toContain(second.eventId)
  }, 60_000)

  test.each([
    ['nobody there', () => ''],
    ['half of a head', () => 'GET /hea'],
    [
      'half of a body',
      (daemon: TestDaemon) =>
        `${head(daemon, 'POST', '/events', 'content-type: application/json', 'content-length: 9')}{`,
    ],
  ])(
    'SIGTERM twice, with %s at each of four addresses, is one clean end',
    async (_, text) => {
      const listen = Array.from({ length: 4 }, () => ['--listen', '127.0.0.1:0']).flat()
      await using daemon = await startDaemon({ args: listen })
      const answer = await post(daemon, 'last')
      expect(answer.status).toBe(200)
      const wires = await Promise.all(daemon.urls.map(openWire))
      for (const wire of wires) if (text(daemon) !== '') await wire.pour(text(daemon))
      process.kill(daemon.pid, 'SIGTERM')
      process.kill(daemon.pid, 'SIGTERM')
      expect(await daemon.exited).toBe(0)
      for (const path of [daemon.paths.socket, daemon.paths.httpSocket, daemon.paths.daemon])
        expect(existsSync(path)).toBe(false)
      for (const wire of wires) wire.end()
      await using again = await startDaemon({ home: daemon.home })
      expect((await stored(again)).map(({ id }) => id)).toEqual([answer.eventId ?? ''])
      const status = JSON.parse((await again.run(['status', '--json'])).stdout)
      expect(status.log.check).toBe('none')
    },
    60_000,
  )
})

test.skipIf(process.platform !== 'linux')(
  'guard 15: the daemon takes no settings of the runtime with it, and has no children',
  async () => {
    await using home = openHome()
    await home.paid(['start'], { env: { BUN_INSPECT: '', BUN_CONFIG_VERBOSE_FETCH: '1', BUN_BE_BUN: '' } })
    await home.paid(['hook'], { stdin: hookText(1) })
    const environment = readFileSync(`/proc/${home.pid()}/environ`, 'utf8').split('\0')
    expect(environment.filter((each) => each.startsWith('BUN_'))).toEqual([])
    const tasks = readdirSync(`/proc/${home.pid()}/task`)
    const children = tasks.map((task) => readFileSync(`/proc/${home.pid()}/task/${task}/children`, 'utf8'))
    expect(children.join('')).toBe('')
  },
)
