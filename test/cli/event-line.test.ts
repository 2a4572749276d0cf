import { describe, expect, test } from 'bun:test'
import { eventLine, learnName } from '../../src/cli/event-line.ts'
import { tellingPart } from '../../src/cli/telling.ts'
import { clip, fit, visible } from '../../src/cli/visible.ts'
import type { Event } from '../../src/protocol/event.ts'
import payloads from '../fixtures/claude-code/hook-payloads.json'

const plain = { colours: false, dated: false, width: undefined }

const eventOf = (type: string, data: unknown, more: Partial<Event> = {}): Event => ({
  seq: 1,
  id: 'evt_1',
  at: new Date(2026, 10, 21, 9, 5, 7).getTime(),
  channel: 'session:4fa77bb5-9e7a-4bdd-95dd-47d4bba3893f',
  type,
  data,
  by: 'http:hook',
  ...more,
})

const line = (event: Event, style: Partial<Parameters<typeof eventLine>[2]> = {}) =>
  eventLine(event, new Map(), { ...plain, ...style })

const told = Object.fromEntries(
  payloads.map((data) => [data.hook_event_name, tellingPart(data.hook_event_name, data)]),
)

test('each hook of Claude Code is told by what happened', () => {
  expect(told).toMatchObject({
    SessionStart: 'startup  /home/dev/project',
    UserPromptSubmit: 'plain hello',
    UserPromptExpansion: '/simplify now',
    PreToolUse: 'Bash  touch x1 && echo ok',
    PostToolUseFailure: expect.stringContaining('Bash  ls /nonexistent  Exit code 2\nls: can'),
    PostToolBatch: 'Bash  touch x1 && echo ok',
    PermissionDenied: expect.stringContaining('curl -s http://127.0.0.1:1/x | sh  Classi'),
    Notification: 'Claude is waiting for your input',
    Stop: 'stub reply: plain hello',
    StopFailure: 'unknown  API Error: 400 stub failure',
    SubagentStart: 'general-purpose  a4a8997b2013693e2',
    PostModelSwitch: 'claude-opus-5-5 → claude-sonnet-5-5',
    CwdChanged: '/home/dev/project → /home/dev/project/sub',
    FileChanged: 'add  watched.txt',
    InstructionsLoaded: 'CLAUDE.md  session_start',
    TaskCreated: 'do it',
    Elicitation: 'paid-stdio  Which one?',
    ElicitationResult: 'paid-stdio  accept  {"choice":"from-host"}',
    WorktreeRemove: '/home/dev/mywt',
    SessionEnd: 'other',
  })
  expect(told['PostToolUse']).toMatch(/^Bash {2}touch x1 && echo ok {2}\d+\.\d s$/)
  for (const text of Object.values(told)) expect(text).not.toBe('')
})

test('a job is told by which firing it was, and how it went', () => {
  const planned = Date.UTC(2027, 0, 15, 8)
  const at = '2027-01-15T08:00:00Z'
  expect(tellingPart('job.added', { do: 'a', cron: '0 8 * * *', nextAt: planned })).toBe(
    `a  0 8 * * *  next ${at}`,
  )
  expect(tellingPart('job.started', { do: 'a', planned, attempt: 1 })).toBe(`a  of ${at}`)
  expect(tellingPart('job.finished', { planned, attempt: 2, durationMs: 1500 })).toBe(
    `of ${at}  try 2  1.5 s`,
  )
  expect(tellingPart('job.failed', { error: 'no luck', attempt: 1, durationMs: 40 })).toBe('no luck  0.0 s')
  expect(tellingPart('job.missed', { count: 10, runs: 1 })).toBe('10 missed, 1 made up for')
  expect(tellingPart('job.started', { planned: 1e300, do: [] })).toBe('[]  of 1e+300')
})

test('what became of a message, of leave that was asked for, and of a guarded file is told without looking it up', () => {
  expect(tellingPart('message.delivered', { message: 'msg_1', how: 'stop' })).toBe('stop  msg_1')
  expect(tellingPart('message.expired', { message: 'msg_1', why: 'It has ended' })).toBe(
    'It has ended  msg_1',
  )
  expect(tellingPart('permission.cancelled', { request: 'r1', why: 'The daemon died' })).toBe(
    'The daemon died',
  )
  const refused = { session: '4fa77bb5-9e7a', tool: 'Edit', path: 'a.sql', pattern: '*.sql' }
  expect(tellingPart('guard.refused', refused)).toBe('4fa77bb5  Edit  a.sql')
  expect(tellingPart('guard.refused', { ...refused, holder: 'ann' })).toBe(
    '4fa77bb5  Edit  a.sql  held by ann',
  )
})

test('a tool is told by the file, pattern or page it was given, near the folder of its session', () => {
  const tool = (tool_name: string, tool_input: unknown) =>
    tellingPart('PreToolUse', { tool_name, tool_input, cwd: '/home/dev/p' })
  expect(tool('Edit', { file_path: '/home/dev/p/src/a.ts', old_string: 'x' })).toBe('Edit  src/a.ts')
  expect(tool('Edit', { file_path: '/home/dev/pp/a.ts' })).toBe('Edit  /home/dev/pp/a.ts')
  expect(tool('Grep', { pattern: 'x+', path: '/home/dev/p/src' })).toBe('Grep  x+  src')
  expect(tool('WebFetch', { url: 'https://example.com', prompt: 'read it' })).toBe(
    'WebFetch  https://example.com',
  )
  expect(tool('mcp__db__query', { table: 'users' })).toBe('mcp__db__query  {"table":"users"}')
  expect(tool('ListMcpResources', {})).toBe('ListMcpResources')
})

test('an event of others is told by its message, else by its fields', () => {
  expect(tellingPart('build.finished', { ok: true, ms: 12 })).toBe('ok=true  ms=12')
  expect(tellingPart('note', { message: 'hello', level: 3 })).toBe('hello')
  expect(tellingPart('x', 'only text')).toBe('only text')
  expect(tellingPart('x', null)).toBe('')
  expect(tellingPart('constructor', { a: 1 })).toBe('a=1')
})

test('payloads of any shape give a line', () => {
  const odd = [
    null,
    1,
    'x',
    [],
    [1],
    {},
    { tool_name: 3, tool_input: 4 },
    { tool_calls: 'no' },
    { message: {} },
    { prompt: null },
  ]
  for (const type of [...Object.keys(told), 'other'])
    for (const data of odd) expect(line(eventOf(type, data))).not.toContain('\n')
})

describe('a line', () => {
  test('has time, session, type and the telling part in columns', () => {
    expect(line(eventOf('Stop', { last_assistant_message: 'done' }))).toBe(
      '09:05:07  4fa77bb5      Stop                done',
    )
    expect(line(eventOf('a', { x: 1 }, { channel: 'events' }))).toBe(
      '09:05:07  -             a                   x=1',
    )
    expect(line(eventOf('a', { x: 1 }, { channel: 'builds' }))).toStartWith('09:05:07  builds        a')
  })

  test('is dated among lines of other days', () => {
    expect(line(eventOf('Stop', {}), { dated: true })).toStartWith('2026-11-21 09:05:07  ')
  })

  test('shows when it happened, not when it arrived', () => {
    expect(line(eventOf('Stop', {}, { occurredAt: new Date(2026, 10, 21, 8, 0, 0).getTime() }))).toStartWith(
      '08:00:00',
    )
  })

  test('keeps its columns whatever the names are, and ends at the edge of the terminal', () => {
    const wide = eventOf(
      'a.very.long.type.of.somebody',
      { message: '日本語'.repeat(50) },
      { channel: '日本語のチャンネル' },
    )
    const cut = line(wide, { width: 80 })
    expect(Bun.stringWidth(cut)).toBeLessThanOrEqual(80)
    expect(cut).toEndWith('…')
    expect(line(wide)).toContain('日本語'.repeat(50))
    expect(line(eventOf('Stop', { last_assistant_message: 'x' }), { width: 10 })).toStartWith('09:05:07')
  })

  test('calls a session by its title once that is known, else by its first prompt', () => {
    const names = new Map<string, string>()
    const prompt = eventOf('UserPromptSubmit', { prompt: 'fix bug\nplease' })
    learnName(prompt, names)
    expect(eventLine(prompt, names, plain)).toContain('  fix bug       UserPromptSubmit')
    learnName(eventOf('SessionStart', { session_title: 'the bug' }), names)
    learnName(eventOf('UserPromptSubmit', { prompt: 'another' }), names)
    expect(eventLine(prompt, names, plain)).toContain('  the bug       UserPromptSubmit')
  })

  test('has colours only when asked for', () => {
    const event = eventOf('PreToolUse', { tool_name: 'Bash' })
    expect(line(event)).not.toContain('\u001b')
    expect(Bun.stripANSI(line(event, { colours: true }))).toBe(line(event))
    expect(line(event, { colours: true })).toContain('\u001b[34m')
  })

  test('shows escapes of others and obeys none', () => {
    const evil = '\u001b]0;owned\u0007\u001b[2J\r\n\u202eabc\u009b31m\u0000\u200b\u2028'
    const shown = line(eventOf(evil, { message: evil }, { channel: `session:${evil}` }), {
      colours: false,
      width: 300,
    })
    // oxlint-disable-next-line no-control-regex -- none of these may be left
    expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\ud800-\udfff]/)
    expect(shown).toContain(String.raw`\e]0;owned\x07\e[2J\r\n\u{202e}abc\x9b31m\x00`)
  })
})

test('text is cut by columns, not by characters, and never inside one', () => {
  expect(clip('abc', 3)).toBe('abc')
  expect(clip('abcd', 3)).toBe('ab…')
  expect(Bun.stringWidth(clip('日本語', 4))).toBeLessThanOrEqual(4)
  expect(fit('日本', 6)).toBe('日本  ')
  expect(clip('😀😀😀', 3)).toBe('😀…')
  expect(visible('a\ud800b')).toBe('a\\u{d800}b')
})
