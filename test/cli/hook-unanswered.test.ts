// `paid hook` when nobody answers, or nobody it can understand: silent, and the event is in the spool.

import { afterEach, describe, expect, test } from 'bun:test'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { spoolAt } from '../../src/lib/spool.ts'
import { limits } from '../../src/protocol/limits.ts'
import { event, peerThat, run, silent, spooled, temporaryHome, undoAll } from '../support/hook.ts'

afterEach(undoAll)

describe('without an answer', () => {
  test('nobody there: silent, and the event waits in the spool', async () => {
    const home = temporaryHome()
    const before = Date.now()
    expect(await run(event(), { PAID_HOME: home })).toEqual(silent)
    const [waiting] = spooled(home)
    expect(waiting).toMatchObject({ path: '/hooks/claude', body: event() })
    expect(waiting?.occurredAt).toBeGreaterThanOrEqual(before)
  })

  test('a home that does not exist is made', async () => {
    const home = join(temporaryHome(), 'new')
    expect(await run(event(), { PAID_HOME: home })).toEqual(silent)
    expect(spooled(home)).toHaveLength(1)
  })

  test('a socket that somebody left behind', async () => {
    const home = temporaryHome()
    writeFileSync(join(home, 'http.sock'), '')
    expect(await run(event(), { PAID_HOME: home })).toEqual(silent)
    expect(spooled(home)).toHaveLength(1)
  })

  test('a daemon that hangs has heard the key that is in the spool', async () => {
    const peer = peerThat('', false)
    expect(await run(event(), peer.env)).toEqual(silent)
    const [waiting] = spooled(peer.home)
    expect(waiting?.body).toBe(event())
    expect(peer.received.join('')).toContain(`idempotency-key: ${waiting?.key}\r\n`)
  })

  test.each([
    ['hangs up at once', ''],
    ['speaks no HTTP', 'hello\r\n\r\n'],
    ['is cut off in the headers', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['is cut off in the body', 'HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{"decision":'],
    ['is cut off in a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{"dec'],
    ['has a chunk without a size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n{}\r\n'],
  ])('a peer that %s: nothing of it is printed, the event waits', async (_what, says) => {
    const peer = peerThat(says, true)
    expect(await run(event(), peer.env)).toEqual(silent)
    expect(spooled(peer.home)).toHaveLength(1)
  })

  test('an interim reply and a reply without a length are understood', async () => {
    const peer = peerThat('HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}', true)
    expect(await run(event(), peer.env)).toEqual({ ...silent, stdout: '{}' })
    expect(spooled(peer.home)).toEqual([])
  })

  test('many at once: each is there once', async () => {
    const home = temporaryHome()
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => run(event({ index }), { PAID_HOME: home })),
    )
    for (const outcome of outcomes) expect(outcome).toEqual(silent)
    const waiting = spooled(home)
    expect(new Set(waiting.map((entry) => entry.key)).size).toBe(20)
    expect(new Set(waiting.map((entry) => entry.body)).size).toBe(20)
  })

  test('a full spool gives up its oldest', async () => {
    const home = temporaryHome()
    const folder = join(home, 'spool')
    mkdirSync(folder, { mode: 0o700 })
    for (let at = 1; at <= 4; at += 1) {
      const file = join(folder, `${at}-old.json`)
      writeFileSync(file, '')
      truncateSync(file, limits.spoolBytes / 4)
    }
    expect(await run(event(), { PAID_HOME: home })).toEqual(silent)
    const spool = spoolAt(folder, limits.spoolBytes)
    expect(spool.list().map((file) => file.name.split('.')[0])).toEqual([
      '2-old',
      '3-old',
      '4-old',
      expect.stringMatching(/^\d{13}-/),
    ])
    expect(spool.dropped()).toBe(1)
  })
})
