// The commands against a real daemon: what they print, how they fail, and that `tail` misses nothing.

import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { environmentOf, paidBinary, runPaid, startDaemon, withDaemon } from '../support/daemon.ts'
import { openHome } from '../support/home.ts'

const dataOf = (json: string): { type: string; data: unknown; channel: string; seq: number }[] =>
  JSON.parse(json)

/** `paid tail …words`, once it follows. */
const startTail = async (env: Record<string, string>, words: string[] = []) => {
  const child = Bun.spawn([paidBinary, 'tail', ...words], {
    env,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const lines = linesOf(child.stdout)
  const talk = linesOf(child.stderr)
  expect(await talk.next()).toContain('following')
  return {
    lines,
    talk,
    [Symbol.asyncDispose]: async () => {
      child.kill()
      await child.exited
    },
  }
}

const linesOf = (stream: ReadableStream<Uint8Array>) => {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  let text = ''
  return {
    next: async (): Promise<string> => {
      for (;;) {
        const at = text.indexOf('\n')
        if (at >= 0) {
          const line = text.slice(0, at)
          text = text.slice(at + 1)
          return line
        }
        const { value, done } = await reader.read()
        if (done) return text
        text += decoder.decode(value, { stream: true })
      }
    },
  }
}

test('what is emitted is there to be read, as lines and as one JSON array', () =>
  withDaemon({}, async ({ run }) => {
    const first = await run(['emit', 'build.finished', '{"ok":true}'])
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toMatch(/^evt_\d+\n$/)
    await run(['emit', 'note', '-', '--session', 's-1'], { stdin: '{"message":"from stdin"}' })
    await run(['emit', 'deploy', '--channel', 'builds'])
    const { stdout } = await run(['events', '--json'])
    expect(dataOf(stdout).map(({ type, channel, data }) => ({ type, channel, data }))).toEqual([
      { type: 'build.finished', channel: 'events', data: { ok: true } },
      { type: 'note', channel: 'session:s-1', data: { message: 'from stdin' } },
      { type: 'deploy', channel: 'builds', data: {} },
    ])
    const lines = (await run(['events'])).stdout.trim().split('\n')
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d {2}- {13}build\.finished {6}ok=true$/)
    expect(lines[1]).toMatch(/^\d\d:\d\d:\d\d {2}s-1 {11}note {16}from stdin$/)
    expect((await run(['events', '--type', 'note', '--json'])).stdout).toContain('from stdin')
    expect(dataOf((await run(['events', '--session', 's-1', '--json'])).stdout)).toHaveLength(1)
    expect(
      dataOf((await run(['events', '--channel', 'b*', '--channel', 'session:*', '--json'])).stdout),
    ).toHaveLength(2)
    expect(
      dataOf((await run(['events', '--since', first.stdout.trim(), '-n1', '--json'])).stdout),
    ).toMatchObject([{ type: 'note' }])
    expect(dataOf((await run(['events', '--since', '1h', '--json'])).stdout)).toHaveLength(3)
    expect(dataOf((await run(['events', '--all', '--json'])).stdout)[0]?.type).toBe('system.started')
  }))

test('a key emitted again adds nothing, and with another body is refused', () =>
  withDaemon({}, async ({ run }) => {
    const first = await run(['emit', 'x', '{"a":1}', '--key', 'k'])
    expect(await run(['emit', 'x', '{"a":1}', '--key', 'k'])).toEqual(first)
    expect(await run(['emit', 'x', '{"a":2}', '--key', 'k'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('paid: '),
    })
  }))

test('status and paths are one document each', () =>
  withDaemon({}, async ({ run, paths, pid, urls }) => {
    expect(JSON.parse((await run(['status', '--json'])).stdout)).toMatchObject({
      pid,
      urls,
      ready: true,
      home: paths.home,
    })
    expect((await run(['status'])).stdout).toContain(`pid ${pid}`)
    expect(JSON.parse((await run(['paths', '--json'])).stdout)).toEqual(paths)
  }))

test('any method can be called', () =>
  withDaemon({}, async ({ run }) => {
    expect(JSON.parse((await run(['call', 'event.publish', '{"type":"x","data":1}'])).stdout)).toMatchObject({
      ids: [expect.any(String)],
    })
    expect(
      JSON.parse((await run(['call', 'event.list', '-'], { stdin: '{"limit":1}' })).stdout),
    ).toMatchObject({ events: [{ data: 1 }] })
    expect(await run(['call', 'event.lst'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('event.lst'),
    })
    expect((await run(['call', 'event.list', '{"limit":"x"}'])).code).toBe(2)
  }))

describe('paid tail', () => {
  test('follows through kill -9 of the daemon: nothing missed, nothing twice', async () => {
    await using home = openHome()
    await home.paid(['start'])
    await using tail = await startTail(home.env)
    const seen: string[] = []
    for (let round = 1; round <= 3; round++) {
      await home.paid(['emit', `before.${round}`])
      process.kill(home.pid(), 'SIGKILL')
      expect(await tail.talk.next()).toContain('went away')
      await home.paid(['start'])
      await home.paid(['emit', `after.${round}`])
      expect(await tail.talk.next()).toContain('following')
      seen.push(await tail.lines.next(), await tail.lines.next())
    }
    expect(seen.map((line) => line.trim().split(/\s+/).at(-1))).toEqual([
      'before.1',
      'after.1',
      'before.2',
      'after.2',
      'before.3',
      'after.3',
    ])
  })

  test('prints one object a line for programs, and only what was asked for', () =>
    withDaemon({}, async ({ run, env }) => {
      const first = (await run(['emit', 'a'])).stdout.trim()
      await run(['emit', 'b', '--session', 's'])
      await using tail = await startTail(env, ['--json', '--since', first, '--session', 's'])
      await run(['emit', 'c', '--session', 's'])
      expect([JSON.parse(await tail.lines.next()), JSON.parse(await tail.lines.next())]).toMatchObject([
        { type: 'b', channel: 'session:s' },
        { type: 'c' },
      ])
    }))

  test('ends without a word at the next event when its reader has ended', () =>
    withDaemon({}, async ({ run, env }) => {
      await run(['emit', 'a'])
      const shell = `"${paidBinary}" tail --since evt_0 2>/dev/null | head -n 1`
      const child = Bun.spawn(['bash', '-o', 'pipefail', '-c', shell], {
        env,
        stdout: 'pipe',
        stderr: 'pipe',
      })
      while (child.exitCode === null) await run(['emit', 'more'])
      expect(child.exitCode).toBe(0)
      expect((await child.stdout.text()).split('\n')).toHaveLength(2)
      expect(await child.stderr.text()).toBe('')
    }))
})

describe('exit codes', () => {
  test('3 when no daemon runs, for every command that needs one', async () => {
    await using home = openHome()
    for (const words of [
      ['status'],
      ['events'],
      ['tail'],
      ['emit', 'x'],
      ['call', 'system.status'],
      ['status', '--json'],
    ])
      expect(await home.paid(words)).toEqual({
        code: 3,
        stdout: '',
        stderr: 'paid: The daemon is not running\n  Start it with `paid start`.\n',
      })
    expect(existsSync(home.paths.lock)).toBe(false)
  })

  test('2 when the command line is wrong, with what was meant', async () => {
    await using home = openHome()
    const cases: [string[], string][] = [
      [['tial'], 'Did you mean `paid tail`?'],
      [['status', '--jsn'], 'Did you mean --json?'],
      [['hooks', 'instal'], 'Did you mean `paid hooks install`?'],
      [['emit'], 'needs TYPE'],
      [['emit', 'x', '{'], 'is not JSON'],
      [['emit', 'x', '--session', 'a', '--channel', 'b'], '--session and --channel'],
      [['events', '--limit', 'x'], 'whole number'],
      [['start', '--listen', 'nowhere'], 'is not host:port'],
      [['--frobnicate'], 'no flag --frobnicate'],
      [['status', 'surplus'], '"surplus"'],
    ]
    for (const [words, hint] of cases)
      expect(await home.paid(words)).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining(hint),
      })
  })

  test('2 when the daemon does not take a filter', () =>
    withDaemon({}, async ({ run }) => {
      for (const words of [
        ['events', '--since', 'yesterday'],
        ['tail', '--since', 'yesterday'],
        ['events', '--limit', '0'],
      ])
        expect(await run(words)).toMatchObject({ code: 2, stdout: '' })
    }))

  test('0 for help, of everything and of each command, with examples', async () => {
    const env = environmentOf('/nonexistent')
    const all = await runPaid([], { env })
    expect(all).toMatchObject({ code: 0, stderr: '' })
    const names = [...all.stdout.matchAll(/^ {2}([a-z]+) {2,}[A-Z]/gm)].map(([, name = '']) => name)
    expect(names).toContain('start')
    for (const name of names) {
      const help = await runPaid([name, '--help'], { env })
      expect(help).toMatchObject({ code: 0, stderr: '' })
      expect(help.stdout).toContain(`Usage: paid ${name}`)
      expect(help.stdout).toContain('Examples:\n')
      expect((await runPaid(['help', name], { env })).stdout).toBe(help.stdout)
    }
  })
})

test('no output has an escape of ours when nobody looks, and the token is in none', async () => {
  await using daemon = await startDaemon()
  const { run, token, paths } = daemon
  await run(['emit', 'x', '{"message":"\\u001b[31mred"}'])
  let all = ''
  for (const words of [
    ['status'],
    ['events'],
    ['paths'],
    ['logs'],
    ['call', 'system.status'],
    ['tial'],
    ['--help'],
  ]) {
    const { stdout, stderr } = await run(words)
    all += stdout + stderr
  }
  expect(all).not.toContain('\u001b')
  expect(all).toContain(String.raw`\e[31mred`)
  expect(token).not.toBe('')
  expect(all + readFileSync(paths.log, 'utf8')).not.toContain(token)
})
