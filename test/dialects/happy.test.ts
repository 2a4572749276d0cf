// Happy's local HTTP, its document's routes and its old daemon's, with the compiled binary and a scripted Claude Code.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { processStart } from '../../src/lib/process-start.ts'
import { openHappy, tracked } from '../support/happy.ts'
import { createHttp, type Http } from '../support/http.ts'
import { hostOf, sendRaw } from '../support/raw-http.ts'
import { isAlive, listenTo } from '../support/sessions.ts'

const timeout = 60_000

let sessions: Awaited<ReturnType<typeof openHappy>>
let happy: Http
let native: Http
beforeAll(async () => {
  sessions = await openHappy()
  const [first = '', second = ''] = sessions.urls
  happy = createHttp(first)
  native = createHttp(second)
}, timeout)
afterAll(() => sessions[Symbol.asyncDispose]())

const listing = z.object({ sessions: z.array(z.looseObject({ id: z.string() })) })
const spawn = async (http = happy) => {
  const { status, json } = await http.post('/sessions', { directory: sessions.directory })
  expect(status).toBe(201)
  return tracked.parse(json())
}
const idsIn = (listed: unknown): string[] => listing.parse(listed).sessions.map(({ id }) => id)
const children = async () =>
  z.object({ children: z.array(z.unknown()) }).parse((await happy.post('/list', {})).json()).children

describe('the routes of its document', () => {
  test(
    'start a session, list it, show it, and end it for good',
    async () => {
      const session = await spawn()
      const { id, pid } = session
      expect(session).toMatchObject({
        id,
        sessionId: id,
        pid,
        directory: sessions.directory,
        startedBy: 'daemon',
      })
      expect(id).toMatch(/^[\da-f-]{36}$/)
      expect(isAlive(pid)).toBe(true)
      expect(idsIn((await happy.get('/sessions')).json())).toContain(id)
      expect((await happy.get(`/sessions/${id}`)).json()).toMatchObject({ id, pid })

      const gone = await happy.send('DELETE', `/sessions/${id}`)
      expect(isAlive(pid)).toBe(false)
      expect([gone.status, gone.json()]).toEqual([200, expect.objectContaining({ id, status: 'terminated' })])
      expect(idsIn((await happy.get('/sessions')).json())).not.toContain(id)
      expect((await happy.get(`/sessions/${id}`)).json()).toMatchObject({
        id,
        pid: null,
        status: 'terminated',
      })
    },
    timeout,
  )

  test(
    'answer with the fields of every dialect on any other listener, in our own statuses',
    async () => {
      const session = await spawn(native)
      const { id } = session
      expect(session).toMatchObject({ id, sessionId: id, kind: 'managed', type: 'claude-code', metrics: {} })
      using told = await listenTo(sessions, id)
      await told.next('session.status', ({ status }) => status === 'idle')
      expect((await native.get(`/sessions/${id}`)).json()).toMatchObject({ id, status: 'idle' })
      expect((await native.send('DELETE', `/sessions/${id}`)).status).toBe(200)
    },
    timeout,
  )

  test('know no session that is not there', async () => {
    expect((await happy.get('/sessions/cmnone')).status).toBe(404)
    expect((await happy.send('DELETE', '/sessions/cmnone')).status).toBe(404)
    const answer = await happy.post('/sessions', { directory: sessions.directory, sessionId: 'cmnone' })
    expect(answer.status).toBe(404)
  })

  test(
    'go on with a session that has ended',
    async () => {
      const { id } = await spawn()
      await happy.send('DELETE', `/sessions/${id}`)
      const again = await happy.post('/sessions', { directory: sessions.directory, sessionId: id })
      expect([again.status, tracked.parse(again.json()).id]).toEqual([201, id])
      const twice = await happy.post('/sessions', { directory: sessions.directory, sessionId: id })
      expect(twice.status).toBe(409)
      await happy.send('DELETE', `/sessions/${id}`)
    },
    timeout,
  )
})

describe('a folder', () => {
  test(
    'that is missing is asked about, and made once that is approved',
    async () => {
      const directory = `${sessions.home}/passed/../new/project`
      const asked = await happy.post('/sessions', { directory })
      expect([asked.status, asked.json()]).toEqual([
        409,
        expect.objectContaining({
          requiresUserApproval: true,
          actionRequired: 'CREATE_DIRECTORY',
          directory,
        }),
      ])
      expect(existsSync(directory)).toBe(false)
      const approved = await happy.post('/sessions', { directory, approvedNewDirectoryCreation: true })
      expect(approved.status).toBe(201)
      expect(existsSync(join(sessions.home, 'new', 'project'))).toBe(true)
      expect(existsSync(join(sessions.home, 'passed'))).toBe(false)
      expect(approved.json()).toMatchObject({ directory: join(sessions.home, 'new', 'project') })
      await happy.send('DELETE', `/sessions/${tracked.parse(approved.json()).id}`)
    },
    timeout,
  )

  test('that cannot be made fails within two seconds and starts nothing', async () => {
    const before = idsIn((await native.get('/sessions')).json()).length
    const file = join(sessions.home, 'file')
    const dangling = join(sessions.home, 'dangling')
    writeFileSync(file, '')
    symlinkSync(join(sessions.home, 'nowhere'), dangling)
    const places = ['/proc/nope/x', '/sys/nope/x', file, join(file, 'x'), dangling, 'relative', '', '/\0']
    for (const directory of places) {
      const began = performance.now()
      const body = { directory, approvedNewDirectoryCreation: true }
      expect([directory, (await happy.post('/sessions', body)).status]).toEqual([directory, 400])
      const old = await happy.post('/spawn-session', body)
      expect([old.status, old.json()]).toEqual([500, { success: false, error: expect.any(String) }])
      expect(performance.now() - began).toBeLessThan(4000)
    }
    expect(idsIn((await native.get('/sessions')).json())).toHaveLength(before)
  })

  test('is all that a session gets: no other agent, no environment of its own', async () => {
    const { directory } = sessions
    for (const more of [{ agent: 'codex' }, { environmentVariables: { NODE_OPTIONS: '--inspect' } }])
      expect((await happy.post('/sessions', { directory, ...more })).status).toBe(400)
    expect((await happy.post('/sessions', { directory: 7 })).status).toBe(400)
  })
})

describe('the five routes of its old daemon', () => {
  test(
    'start, list and stop, by id and by pid',
    async () => {
      const { directory } = sessions
      const begun = await happy.post('/spawn-session', {
        directory,
        agent: 'claude',
        permissionMode: 'default',
        environmentVariables: {},
      })
      expect([begun.status, begun.json()]).toEqual([
        200,
        expect.objectContaining({ success: true, approvedNewDirectoryCreation: true }),
      ])
      const { sessionId, pid } = z.object({ sessionId: z.string(), pid: z.int() }).parse(begun.json())
      const child = { startedBy: 'daemon', happySessionId: sessionId, pid }
      expect(await children()).toContainEqual(child)
      expect((await happy.post('/stop-session', { sessionId })).json()).toEqual({ success: true })
      expect(isAlive(pid)).toBe(false)
      expect(await children()).not.toContainEqual(child)

      const other = await spawn()
      const named = await happy.post('/stop-session', { sessionId: `PID-${other.pid}` })
      expect(named.json()).toEqual({ success: true })
      expect(isAlive(other.pid)).toBe(false)
      expect((await happy.post('/stop-session', { sessionId })).json()).toEqual({ success: false })
    },
    timeout,
  )

  test('ask before they make a folder', async () => {
    const directory = join(sessions.home, 'unasked')
    const { status, json } = await happy.post('/spawn-session', { directory })
    const asked = {
      success: false,
      requiresUserApproval: true,
      actionRequired: 'CREATE_DIRECTORY',
      directory,
    }
    expect([status, json()]).toEqual([409, asked])
  })

  test("refuse bodies in their framework's words", async () => {
    const refused = async (path: string, body: unknown) => {
      const { status, json } = await happy.post(path, body)
      return [status, json()]
    }
    const fault = (code: string, message: unknown) => [
      400,
      { statusCode: 400, code, error: 'Bad Request', message },
    ]
    const missing = 'body/directory Invalid input: expected string, received undefined'
    expect(await refused('/spawn-session', {})).toEqual(fault('FST_ERR_VALIDATION', missing))
    const number = 'body/sessionId Invalid input: expected string, received number'
    expect(await refused('/stop-session', { sessionId: 7 })).toEqual(fault('FST_ERR_VALIDATION', number))
    for (const path of ['/list', '/spawn-session', '/stop-session', '/session-started']) {
      expect(await refused(path, 'no')).toEqual(fault('FST_ERR_CTP_INVALID_JSON_BODY', expect.any(String)))
      expect(await refused(path, '')).toEqual(fault('FST_ERR_CTP_EMPTY_JSON_BODY', expect.any(String)))
    }
  })

  test(
    'list a session that others started as long as it lives, and never signal it',
    async () => {
      const stranger = Bun.spawn(['sleep', '1000'], { stdio: ['ignore', 'ignore', 'ignore'] })
      try {
        const { pid } = stranger
        const sessionId = 'cmreported'
        const metadata = { path: '/home/ann/project', host: 'box', hostPid: pid, version: '1.2.5' }
        const encryption = { encryptionKey: 'c2VjcmV0LWtleQ==', encryptionVariant: 'dataKey' }
        const told = await happy.post('/session-started', { sessionId, metadata, encryption })
        expect([told.status, told.json()]).toEqual([200, { status: 'ok' }])
        const child = {
          startedBy: 'happy directly - likely by user from terminal',
          happySessionId: sessionId,
          pid,
        }
        expect(await children()).toContainEqual(child)
        expect(idsIn((await happy.get('/sessions')).json())).toContain(sessionId)
        expect((await happy.get(`/sessions/${sessionId}`)).json()).toMatchObject({
          pid,
          directory: metadata.path,
        })
        for (const name of [sessionId, `PID-${pid}`, `PID-${process.pid}`])
          expect((await happy.post('/stop-session', { sessionId: name })).json()).toEqual({ success: false })
        expect((await happy.send('DELETE', `/sessions/${sessionId}`)).status).not.toBe(200)
        expect(processStart(pid)).toBeDefined()
        expect((await native.get('/events?session=cmreported')).text).not.toContain('c2VjcmV0')

        stranger.kill()
        await stranger.exited
        expect(await children()).not.toContainEqual(child)
        const unknown = { sessionId: 'cmquiet', metadata: {} }
        expect((await happy.post('/session-started', unknown)).json()).toEqual({ status: 'ok' })
      } finally {
        stranger.kill()
      }
    },
    timeout,
  )

  test('stand behind the same wall', async () => {
    const [url = ''] = sessions.urls
    const head = (path: string, ...more: string[]) => [`POST ${path} HTTP/1.1`, ...more]
    const host = `Host: ${hostOf(url)}`
    const type = 'Content-Type: application/json'
    for (const path of [
      '/list',
      '/spawn-session',
      '/stop-session',
      '/session-started',
      '/stop',
      '/sessions',
    ]) {
      expect((await sendRaw(url, head(path, 'Host: evil.test', type), '{}')).status).toBe(403)
      expect((await sendRaw(url, head(path, host, type, 'Origin: http://evil.test'), '{}')).status).toBe(403)
      expect((await sendRaw(url, head(path, host, 'Content-Type: text/plain'), '{}')).status).toBe(415)
    }
    expect((await native.post('/stop', {})).status).toBe(403)
    expect((await happy.get('/health')).status).toBe(200)
  })
})
