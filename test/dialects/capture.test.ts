// The numbered cases of the capture daemon's socket, byte for byte where its clients could tell: how it is spoken to,
// and what each command answers.

import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCaptureLine, openCaptureStage, playCapture, standardConfig } from '../support/capture.ts'

const pong = '{"pong":true}'
const success = '{"success":true}'
const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
const anError = expect.stringMatching(/^\{"error":"[^\n]+"\}$/)

describe('G01 to G06: documents and replies', () => {
  test.each([
    ['G01: without a newline', '{"command":"ping"}', [pong]],
    ['G02: with one', '{"command":"ping"}\n', [pong]],
    ['G02: with the newline of Windows', '{"command":"ping"}\r\n', [pong]],
    ['G02: over several lines', '{\n  "command": "ping",\n  "x": [1, {"a": "}"}]\n}\n', [pong]],
    ['G02: with more fields than it takes', '  {"command":"ping","type":"ping","id":7,"method":"x"}', [pong]],
    ['G05: no command of its', '{"command":"nope"}', ['{"error":"Unknown command: nope"}']],
    ['G05: the name of something else', '{"command":"toString"}', ['{"error":"Unknown command: toString"}']],
    ['G05: no command', '{}', ['{"error":"Unknown command: undefined"}']],
    ['G05: a list', '[]', ['{"error":"Unknown command: undefined"}']],
    ['G05: a number', '5', ['{"error":"Unknown command: undefined"}']],
    ['G05: a text', '"ping"\n', ['{"error":"Unknown command: undefined"}']],
    ['G06: no JSON', 'hello\n', [anError]],
    ['G06: no JSON, and no newline', 'hello', [anError]],
    ['G06: nothing', 'null\n', [anError]],
    ['G06: half of it', '{"command":}', [anError]],
    ['G26: two at once', '{"command":"ping"}{"command":"nope"}', [pong, '{"error":"Unknown command: nope"}']],
    ['G26: two lines at once', '{"command":"ping"}\n{"command":"ping"}\n', [pong, pong]],
  ])('%s', async (_, said, replies) => {
    await using at = await playCapture()
    await at.write(said)
    for (const reply of replies) expect(await at.heard()).toEqual(reply)
    expect(await at.say('{"command":"ping"}')).toBe(pong)
  })

  test('G03: one after the other on the same connection', async () => {
    await using at = await playCapture()
    expect(await at.say('{"command":"ping"}')).toBe(pong)
    expect(await at.ask('status')).toMatchObject({ running: true })
  })

  test('G04: whoever says no more hears the reply, and the end', async () => {
    await using at = await playCapture()
    const heard: string[] = []
    const closed = Promise.withResolvers<void>()
    await Bun.connect({
      unix: at.path,
      allowHalfOpen: true,
      socket: {
        open(socket) {
          socket.write('{"command":"ping"}')
          socket.shutdown()
        },
        data: (_, chunk) => void heard.push(chunk.toString()),
        end: (socket) => void socket.end(),
        close: () => closed.resolve(),
      },
    })
    await closed.promise
    expect(heard).toEqual([`${pong}\n`])
  })

  test('G26: a document cut anywhere is one document', async () => {
    await using at = await playCapture()
    const sessionId = await at.begin()
    const document = JSON.stringify({ command: 'addMessage', sessionId, role: 'user', content: '}{ "ü" \\' })
    const bytes = Buffer.from(document)
    for (let cut = 1; cut < bytes.length; cut += 7) {
      await at.write(bytes.subarray(0, cut))
      await Bun.sleep(1)
      await at.write(bytes.subarray(cut))
      expect(await at.heard()).toBe(success)
    }
  })

  test('G25: 70 kB, 1 MB and 10 MB are one message each', async () => {
    await using at = await playCapture()
    const sessionId = await at.begin()
    for (const length of [65_000, 65_536, 70_000, 1_000_000, 10_000_000]) {
      const content = 'é'.repeat(length / 2)
      expect(await at.ask('addMessage', { sessionId, role: 'user', content })).toEqual({ success: true })
    }
    expect(await at.say('{"command":"ping"}')).toBe(pong)
    const { result } = JSON.parse(await at.say('{"id":1,"method":"capture.list","params":{}}'))
    const lengths = result.sessions[0].messages.map(({ content }: { content: string }) => content.length)
    expect(lengths).toEqual([32_500, 32_768, 35_000, 500_000, 5_000_000])
  })
})

describe('G07 to G12: what is answered', () => {
  test('G07: the settings of whoever has none', async () => {
    await using at = await playCapture()
    expect(await at.say('{"command":"getConfig"}')).toBe(`{"config":${standardConfig}}`)
  })

  test('G08: the status without sessions', async () => {
    await using at = await playCapture()
    expect(await at.say('{"command":"status"}')).toBe(
      `{"running":true,"activeSessions":0,"sessionsByRepo":{},"config":${standardConfig}}`,
    )
  })

  test('G09, G10: a session has 16 digits, and is what was said of it', async () => {
    await using at = await playCapture()
    const metadata = { cwd: at.project, repoPath: at.project }
    const reply = await at.ask('createSession', { tool: 'claude-code', metadata })
    expect(reply).toEqual({ sessionId: expect.stringMatching(/^[0-9a-f]{16}$/) })
    await at.begin({ tool: 'cursor' })
    await at.begin()
    const { sessions } = await at.ask('getActiveSessions')
    expect(sessions).toEqual([
      {
        id: reply['sessionId'],
        tool: 'claude-code',
        startTime: iso,
        messages: [],
        codeChanges: [],
        metadata,
      },
      { id: expect.any(String), tool: 'cursor', startTime: iso, messages: [], codeChanges: [], metadata: {} },
      { id: expect.any(String), startTime: iso, messages: [], codeChanges: [], metadata: {} },
    ])
  })

  test('G11: what was said and changed is shown with its time, in order', async () => {
    await using at = await playCapture()
    const sessionId = await at.begin({ tool: 'claude-code' })
    const add = (command: string, more: object) => at.say(JSON.stringify({ command, sessionId, ...more }))
    expect(await add('addMessage', { role: 'user', content: 'Refactor it\n' })).toBe(success)
    expect(await add('addMessage', { role: 'assistant', content: 'Done' })).toBe(success)
    const change = { filePath: 'src/auth.ts', beforeContent: 'a', afterContent: 'b' }
    expect(await add('addCodeChange', change)).toBe(success)
    expect((await at.say('{"command":"getActiveSessions"}')).replace(/"\d{4}-[^"]+Z"/g, 'TIME')).toBe(
      `{"sessions":[{"id":"${sessionId}","tool":"claude-code","startTime":TIME,"messages":[` +
        '{"role":"user","content":"Refactor it\\n","timestamp":TIME},' +
        '{"role":"assistant","content":"Done","timestamp":TIME}],"codeChanges":[' +
        '{"filePath":"src/auth.ts","beforeContent":"a","afterContent":"b","timestamp":TIME}],"metadata":{}}]}',
    )
  })

  test.each([
    ['addMessage', { role: 'user', content: 'x' }],
    ['addCodeChange', { filePath: 'a', beforeContent: '', afterContent: 'b' }],
    ['saveSession', { commitSha: '0123456789abcdef0123456789abcdef01234567' }],
    ['saveSession', {}],
  ])('G12: %s of a session that is not there is a success', async (command, args) => {
    await using at = await playCapture()
    expect(await at.say(JSON.stringify({ command, sessionId: 'ffffffffffffffff', ...args }))).toBe(success)
    expect(await at.ask('status')).toMatchObject({ activeSessions: 0 })
  })
})

describe('G20, G21: by repository', () => {
  test('G20: those of one, or none', async () => {
    await using at = await playCapture()
    const other = await at.repository('other')
    const one = await at.talk('one')
    const two = await at.talk('two', { repoPath: '/repo1', cwd: '/repo1/src' })
    const three = await at.talk('three', { repoPath: other })
    for (const [repoPath, ids] of [
      [at.project, [one]],
      ['/repo1', [two]],
      [other, [three]],
      [join(other, 'sub/folder/'), [three]],
      ['/nowhere', []],
      [undefined, [one, two, three]],
    ] as const) {
      const { sessions } = await at.ask('getActiveSessions', { repoPath })
      expect(sessions).toEqual(ids.map((id) => expect.objectContaining({ id })))
    }
    expect(await at.say('{"command":"getActiveSessions","repoPath":"/nowhere"}')).toBe('{"sessions":[]}')
  })

  test('G21: counted by cwd, by repoPath, and unknown', async () => {
    await using at = await playCapture()
    await at.begin({ metadata: { cwd: '/repo1', repoPath: '/x' } })
    await at.begin({ metadata: { repoPath: '/repo2' } })
    await at.begin({ metadata: { cwd: '', repoPath: 7 } })
    await at.begin()
    expect(await at.say('{"command":"status"}')).toBe(
      `{"running":true,"activeSessions":4,"sessionsByRepo":{"/repo1":1,"/repo2":1,"unknown":2},"config":${standardConfig}}`,
    )
  })
})

describe('on paid.sock', () => {
  test('the same commands answer the same, beside what else is spoken there', async () => {
    await using at = await playCapture()
    await using own = await openCaptureLine(at.daemon.socket)
    expect(await own.say('{"command":"ping"}')).toBe(pong)
    expect(await own.say('{"command":"nope"}')).toBe('{"error":"Unknown command: nope"}')
    expect(await own.say('{"command":"getConfig"}')).toBe(`{"config":${standardConfig}}`)
    const sessionId = await own.begin({ tool: 'cursor', metadata: { cwd: at.project } })
    expect(await own.ask('addMessage', { sessionId, role: 'user', content: 'one two three' })).toEqual({
      success: true,
    })
    expect(await own.say('{"type":"ping","id":"p"}')).toBe('{"type":"pong","id":"p"}')
    expect(await at.ask('status')).toMatchObject({
      activeSessions: 1,
      sessionsByRepo: { [at.project]: 1 },
    })
    expect(await own.say(JSON.stringify({ command: 'saveSession', sessionId }))).toBe(success)
    expect(await at.ask('status')).toMatchObject({ activeSessions: 0 })
  })
})

describe('G22 to G24: the daemon', () => {
  test('G22: started twice, the second finds the first', async () => {
    await using at = await playCapture()
    const again = await at.daemon.run(['start', '--capture-legacy'])
    expect(again).toMatchObject({ code: 0 })
    expect(again.stdout + again.stderr).toContain('runs already')
    expect(await at.say('{"command":"ping"}')).toBe(pong)
  })

  test('G23: the pid of a dead process and its socket are replaced', async () => {
    using stage = openCaptureStage()
    const before = await stage.start()
    await before.kill('SIGKILL')
    writeFileSync(stage.pidFile, '999999')
    await using _ = await stage.start()
    await using line = await openCaptureLine(stage.path)
    expect(await line.say('{"command":"ping"}')).toBe(pong)
  })
})
