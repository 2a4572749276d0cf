// Happy's local HTTP through the life of a daemon: its end, its next start, and when as many sessions run as may.

import { expect, test } from 'bun:test'
import { happyListeners, openHappy, tracked } from '../support/happy.ts'
import { createHttp } from '../support/http.ts'
import { isAlive, startWithClaude } from '../support/sessions.ts'

const timeout = 60_000

test(
  'stop the daemon, which answers first and takes its sessions with it',
  async () => {
    await using own = await openHappy()
    const http = createHttp(own.urls[0] ?? '')
    const { pid } = tracked.parse((await http.post('/sessions', { directory: own.directory })).json())
    expect((await http.post('/stop', {})).json()).toEqual({ status: 'stopping' })
    expect(await own.exited).toBe(0)
    expect(isAlive(pid)).toBe(false)
  },
  timeout,
)

test(
  'list a session that others started also after a restart, two hundred callers at once',
  async () => {
    const metadata = { path: '/home/ann/project', hostPid: process.pid }
    await using before = await openHappy()
    const told = { sessionId: 'cmreported', metadata }
    await createHttp(before.urls[0] ?? '').post('/session-started', told)
    await before.kill('SIGTERM')
    await using after = await startWithClaude({ home: before.home, args: happyListeners })
    const http = createHttp(after.urls[0] ?? '')
    const answers = await Promise.all(Array.from({ length: 200 }, () => http.post('/list', {})))
    const child = expect.objectContaining({ happySessionId: 'cmreported', pid: process.pid })
    for (const { json } of answers) expect(json()).toEqual({ children: [child] })
  },
  timeout,
)

test(
  'start no more sessions than may run',
  async () => {
    await using own = await openHappy({ sessions: { max: 1 } })
    const http = createHttp(own.urls[0] ?? '')
    const { directory } = own
    const first = tracked.parse((await http.post('/sessions', { directory })).json())
    const text = 'Maximum session limit reached (1). Cannot spawn new session.'
    const second = await http.post('/sessions', { directory })
    expect([second.status, second.json()]).toEqual([429, expect.objectContaining({ error: text })])
    expect((await http.post('/spawn-session', { directory })).json()).toEqual({
      success: false,
      error: text,
    })
    await http.send('DELETE', `/sessions/${first.id}`)
    expect((await http.post('/sessions', { directory })).status).toBe(201)
  },
  timeout,
)
