// `paid publish` and `paid subscribe`, as scripts use them: one message a line, ends that are clean.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { z } from 'zod'
import { paidBinary, startDaemon, type TestDaemon } from '../support/daemon.ts'
import { createInbox } from '../support/inbox.ts'

let daemon: TestDaemon

beforeAll(async () => {
  daemon = await startDaemon({ config: { channels: { stored: ['kept'] } } })
})
afterAll(() => daemon.stop())

/** `paid subscribe …`, once it listens. */
const listen = async (...args: string[]) => {
  const child = Bun.spawn([paidBinary, 'subscribe', ...args], {
    env: daemon.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const inboxOf = (stream: ReadableStream<Uint8Array>) => {
    const lines = createInbox<string>()
    const reader = stream.getReader()
    const read = async () => {
      const decoder = new TextDecoder()
      let rest = ''
      for (;;) {
        const { done, value } = await reader.read()
        if (done) break
        const parts = (rest + decoder.decode(value, { stream: true })).split('\n')
        rest = parts.pop() ?? ''
        for (const part of parts) lines.push(part)
      }
      lines.end('It ended')
    }
    void read()
    return { lines, cancel: () => reader.cancel() }
  }
  const out = inboxOf(child.stdout)
  const talk = inboxOf(child.stderr)
  expect(await talk.lines.next()).toContain('listening')
  return { lines: out.lines, hangUp: out.cancel, child }
}

const publish = (...args: string[]) => daemon.run(['publish', ...args])

test('what is published is one line with whoever listens', async () => {
  const { lines, child } = await listen('board:*', 'news')
  expect(await publish('board:main', '{"event":"moved","text":"a\\nb"}')).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
  })
  expect((await publish('elsewhere', '1')).code).toBe(0)
  expect((await publish('news', '"text"')).code).toBe(0)
  expect((await publish('news')).code).toBe(0)
  expect((await daemon.run(['publish', 'news', '-'], { stdin: '[1,2]\n' })).code).toBe(0)
  expect(await lines.take(4)).toEqual(['{"event":"moved","text":"a\\nb"}', '"text"', '{}', '[1,2]'])
  child.kill()
  await child.exited
})

test('--json gives whole events; --store and channels.stored keep them for --since', async () => {
  const first = await publish('orders', '{"n":1}', '--store')
  expect(first.stdout).toMatch(/^evt_\d+\n$/)
  expect((await publish('orders', '{"n":2}', '--store')).code).toBe(0)
  const { lines, child } = await listen('orders', '--json', '--since', first.stdout.trim())
  const event = z.object({
    id: z.string(),
    channel: z.literal('orders'),
    type: z.literal('message'),
    data: z.unknown(),
  })
  expect(event.parse(JSON.parse(await lines.next())).data).toEqual({ n: 2 })
  await publish('orders', '{"n":3}')
  expect(JSON.parse(await lines.next())).toMatchObject({ channel: 'orders', data: { n: 3 } })
  child.kill()
  await child.exited
  expect((await publish('kept', '1')).stdout).toMatch(/^evt_\d+\n$/)
})

test('it ends at once when its reader goes, though nothing is said', async () => {
  const { hangUp, child } = await listen('silence')
  await hangUp()
  expect(await child.exited).toBe(0)
})

test('it ends when its reader has read enough', async () => {
  await publish('pages', '1', '--store')
  const words = `${paidBinary} subscribe pages --since evt_0 | head -n 1; echo "\${PIPESTATUS[0]}"`
  const shell = Bun.spawn(['bash', '-c', words], { env: daemon.env, stdio: ['ignore', 'pipe', 'ignore'] })
  expect(await shell.stdout.text()).toBe('1\n0\n')
})

test('what is typed wrong is refused with what to type', async () => {
  for (const [args, said] of [
    [['subscribe'], 'subscribe needs PATTERN'],
    [['subscribe', 'a*b'], 'a pattern has one * at most, at its end'],
    [['publish', 'x', '{'], 'the message is not JSON'],
    [['publish', 'x', '1', '2'], 'does not know what to do with "2"'],
  ] as const) {
    const { code, stderr } = await daemon.run([...args])
    expect(code).toBe(2)
    expect(stderr).toContain(said)
  }
  expect((await publish('lock:x', '1')).code).toBe(1)
  expect((await daemon.run(['subscribe', 'x'], { env: { PAID_HOME: `${daemon.home}/none` } })).code).toBe(3)
})
