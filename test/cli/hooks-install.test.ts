// Installing into Claude Code's settings files and taking it out again, on files as people have them.

import { afterEach, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { hookEvents } from '../../src/cli/hooks/events.ts'
import { hooksStatus, installHooks, previewInstall, uninstallHooks } from '../../src/cli/hooks/install.ts'
import { settingsPath } from '../../src/cli/hooks/settings-file.ts'

const homes: string[] = []
afterEach(() => {
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true })
})

const ours = { command: '/opt/paid/bin/paid', args: ['hook'] }
const events = Object.keys(hookEvents)

/** A settings file with this text, or none. */
const settings = (text?: string) => {
  const home = mkdtempSync(join(tmpdir(), 'paid-hooks-'))
  homes.push(home)
  const path = join(home, '.claude', 'settings.json')
  if (text !== undefined) {
    mkdirSync(dirname(path))
    writeFileSync(path, text)
  }
  return { home, path, where: { ...ours, settingsPath: path }, read: () => readFileSync(path, 'utf8') }
}

type Group = { matcher?: string; hooks: Record<string, unknown>[] }
const hooksIn = (text: string): Record<string, Group[]> => JSON.parse(text).hooks

const lived = `{
    "permissions": { "allow": ["Bash(git *)"], "deny": [] },
    "big": 9007199254740993, "half": 1.50,
    "hooks": {
        "PostToolUse": [
            { "matcher": "Edit|Write", "hooks": [{"type": "command", "command": "prettier --write"}] }
        ],
        "Stop": [],
        "WorktreeCreate": [{"hooks": [{"type": "command", "command": "mk-worktree"}]}]
    },

    "model": "opus", "model": "sonnet"
}

`

describe('install', () => {
  test('makes the file when there is none, for every event but WorktreeCreate, in exec form', () => {
    const { where, read } = settings()
    expect(installHooks(where).changed).toBe(true)
    expect(read()).toEndWith('}\n')
    expect(Object.keys(hooksIn(read()))).toEqual(events)
    expect(events).toHaveLength(32)
    expect(events).not.toContain('WorktreeCreate')
    for (const event of events)
      expect(hooksIn(read())[event]).toEqual([
        { hooks: [{ type: 'command', command: '/opt/paid/bin/paid', args: ['hook'], ...hookEvents[event] }] },
      ])
  })

  test('adds to what is there and keeps every byte of it', () => {
    const { where, read } = settings(lived)
    installHooks(where)
    const after = read()
    const kept = after.split('\n').map((line) => line.trim())
    for (const line of lived.split('\n'))
      expect(kept.some((other) => other.startsWith(line.trim().replace(/[}\],]*$/, '')))).toBe(true)
    expect(after).toContain('9007199254740993, "half": 1.50')
    expect(after).toContain('"model": "opus", "model": "sonnet"')
    expect(hooksIn(after)['PostToolUse']?.[0]).toEqual(hooksIn(lived)['PostToolUse']?.[0] ?? { hooks: [] })
    expect(hooksIn(after)['PostToolUse']).toHaveLength(2)
    expect(hooksIn(after)['WorktreeCreate']).toEqual(hooksIn(lived)['WorktreeCreate'] ?? [])
    expect(after.split('\n').at(6)).toStartWith('            {')
  })

  test('a second time changes nothing', () => {
    const { where, read } = settings(lived)
    installHooks(where)
    const first = read()
    expect(installHooks(where)).toMatchObject({ changed: false })
    expect(read()).toBe(first)
  })

  test('an older one at another path is put right in its place, not doubled', () => {
    const { where, read } = settings(lived)
    installHooks({ ...where, command: '/old/place/paid' })
    installHooks(where)
    expect(read()).not.toContain('/old/place')
    expect(read().match(/\/opt\/paid\/bin\/paid/g)).toHaveLength(events.length)
    const once = settings(lived)
    installHooks(once.where)
    expect(read()).toBe(once.read())
    uninstallHooks(where)
    expect(read()).toBe(lived)
  })

  test('what an older one asked for and this one does not is taken out; doubles become one', () => {
    const entry = { type: 'command', command: '/old/paid', args: ['hook'], timeout: 99, if: 'Bash(git *)' }
    const { where, read } = settings(
      JSON.stringify(
        { hooks: { WorktreeCreate: [{ hooks: [entry] }], Stop: [{ hooks: [entry, entry] }] } },
        null,
        2,
      ),
    )
    installHooks(where)
    expect(hooksIn(read())['WorktreeCreate']).toBeUndefined()
    expect(hooksIn(read())['Stop']).toEqual([
      { hooks: [{ type: 'command', ...ours, ...hookEvents['Stop'], if: 'Bash(git *)' }] },
    ])
  })

  test('--print shows it and touches nothing', () => {
    const { where, read, home } = settings(lived)
    const { after } = previewInstall(where)
    expect(read()).toBe(lived)
    expect(readdirSync(join(home, '.claude'))).toEqual(['settings.json'])
    installHooks(where)
    expect(read()).toBe(after ?? '')
    const none = settings()
    previewInstall(none.where)
    expect(readdirSync(none.home)).toEqual([])
  })
})

describe('uninstall', () => {
  test.each([
    ['a lived-in file', lived],
    ['an empty object', '{}'],
    ['an empty object with blanks inside', ' { \n\t} \n'],
    ['empty hooks', '{\n  "hooks": {}\n}\n'],
    ['an empty event', '{"hooks":{"Stop":[]}}'],
    ['one line', '{ "a": 1, "b": {"c": []} }'],
    ['minified', '{"a":1,"hooks":{"Stop":[{"hooks":[]}]}}'],
    ['tabs and CRLF', '{\r\n\t"a": 1,\r\n\t"hooks": {\r\n\t}\r\n}\r\n'],
    ['a byte order mark', '\uFEFF{\n  "a": 1\n}'],
    ['no indentation', '{\n"a": 1\n}'],
    ['tricky strings', '{"a":"}],{\\"\\\\","hooks":{"x]\\"":[]}, "\\u0068ooks2": 1}'],
  ])('gives back the same bytes: %s', (_what, text) => {
    const { where, read } = settings(text)
    expect(installHooks(where).changed).toBe(true)
    expect(uninstallHooks(where).changed).toBe(true)
    expect(read()).toBe(text)
  })

  test('removes the file it made, and not one that was there', () => {
    const { where, path } = settings()
    installHooks(where)
    uninstallHooks(where)
    expect(existsSync(path)).toBe(false)
    expect(uninstallHooks(where).changed).toBe(false)
    expect(existsSync(path)).toBe(false)
  })

  test('keeps what somebody added meanwhile', () => {
    const { where, read } = settings()
    installHooks(where)
    const edited = { ...JSON.parse(read()), model: 'opus' }
    edited.hooks.Stop[0].hooks.push({ type: 'command', command: 'say done' })
    edited.hooks.Mine = [{ hooks: [{ type: 'http', url: 'http://127.0.0.1:1' }] }]
    writeFileSync(where.settingsPath, JSON.stringify(edited))
    uninstallHooks(where)
    expect(JSON.parse(read())).toEqual({
      hooks: {
        Stop: [{ hooks: [{ type: 'command', command: 'say done' }] }],
        Mine: [{ hooks: [{ type: 'http', url: 'http://127.0.0.1:1' }] }],
      },
      model: 'opus',
    })
  })

  test("leaves other people's commands that look like ours", () => {
    const others = [
      { type: 'command', command: 'paid hook' },
      { type: 'command', command: '/usr/bin/paid', args: ['emit', 'x'] },
      { type: 'command', command: '/usr/bin/unpaid', args: ['hook'] },
      { type: 'prompt', command: '/usr/bin/paid', args: ['hook'] },
    ]
    const text = JSON.stringify({ hooks: { Stop: [{ hooks: others }] } })
    expect(uninstallHooks(settings(text).where).changed).toBe(false)
  })
})

describe('refused and left alone', () => {
  test.each([
    ['not JSON', '{"a": 1,}', 'not valid JSON'],
    ['comments', '{ // mine\n}', 'not valid JSON'],
    ['nothing', '', 'not valid JSON'],
    ['an array', '[]', 'not a JSON object'],
    ['null', 'null', 'not a JSON object'],
    ['hooks as a list', '{"hooks":[]}', '"hooks" that is not an object'],
    ['hooks null', '{"hooks":null}', '"hooks" that is not an object'],
    ['an event as an object', '{"hooks":{"Stop":{}}}', '"Stop" is not an array'],
    ['a group without hooks', '{"hooks":{"Stop":[{"command":"x"}]}}', '"Stop" is not a list of'],
    ['a hook as text', '{"hooks":{"Stop":[{"hooks":["x"]}]}}', '"Stop" is not a list of'],
    ['hooks twice', '{"hooks":{},"hooks":{}}', '"hooks" twice'],
    ['an event twice', '{"hooks":{"Stop":5,"Stop":[]}}', 'name an event twice'],
  ])('%s', (_what, text, says) => {
    const { where, read, path } = settings(text)
    expect(() => installHooks(where)).toThrow(says)
    expect(() => installHooks(where)).toThrow(path)
    if (text !== '') expect(() => uninstallHooks(where)).toThrow(says)
    expect(hooksStatus(where).problem).toContain(says)
    expect(read()).toBe(text)
    expect(readdirSync(dirname(path))).toEqual(['settings.json'])
  })

  test('bytes that are no UTF-8, and a folder of that name', () => {
    const { where, path } = settings('{}')
    writeFileSync(path, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))
    expect(() => installHooks(where)).toThrow('not UTF-8')
    rmSync(path)
    mkdirSync(path)
    expect(() => installHooks(where)).toThrow('is not a file')
  })
})

describe('the file', () => {
  test('a symlink stays one, its target changes and keeps its mode', () => {
    const { home, where, path } = settings(lived)
    const dotfiles = join(home, 'dotfiles')
    mkdirSync(dotfiles)
    const target = join(dotfiles, 'claude.json')
    writeFileSync(target, lived)
    chmodSync(target, 0o640)
    rmSync(path)
    symlinkSync('../dotfiles/claude.json', path)
    installHooks(where)
    expect(readlinkSync(path)).toBe('../dotfiles/claude.json')
    expect(lstatSync(target).mode & 0o777).toBe(0o640)
    expect(readFileSync(target, 'utf8')).toContain('/opt/paid/bin/paid')
    uninstallHooks(where)
    expect(readFileSync(target, 'utf8')).toBe(lived)
    expect(readdirSync(dotfiles)).toEqual(['claude.json'])
    expect(readdirSync(dirname(path))).toEqual(['settings.json'])
  })

  test('a symlink to a file that is not there yet makes that file, and removes it again', () => {
    const { home, where, path } = settings('')
    rmSync(path)
    symlinkSync(join(home, 'target.json'), path)
    installHooks(where)
    expect(lstatSync(path).isSymbolicLink()).toBe(true)
    expect(existsSync(join(home, 'target.json'))).toBe(true)
    uninstallHooks(where)
    expect(lstatSync(path).isSymbolicLink()).toBe(true)
    expect(existsSync(join(home, 'target.json'))).toBe(false)
  })

  test('is the one Claude Code reads', () => {
    expect(settingsPath('user', { HOME: '/h' }, '/w')).toBe('/h/.claude/settings.json')
    expect(settingsPath('user', { HOME: '/h', CLAUDE_CONFIG_DIR: '/c' }, '/w')).toBe('/c/settings.json')
    expect(settingsPath('project', { HOME: '/h', CLAUDE_CONFIG_DIR: '/c' }, '/w')).toBe(
      '/w/.claude/settings.json',
    )
  })
})

describe('status', () => {
  test('says what is installed, what is missing and whether the program is there', () => {
    const { where, home } = settings()
    expect(hooksStatus(where)).toMatchObject({ exists: false, installed: [], missing: events })
    const command = join(home, 'paid')
    installHooks({ ...where, command })
    expect(hooksStatus(where)).toMatchObject({
      exists: true,
      installed: events,
      missing: [],
      commands: [{ command, exists: false }],
      disabled: false,
    })
    writeFileSync(command, '')
    expect(hooksStatus(where).commands).toEqual([{ command, exists: true }])
  })

  test('says when events are missing or Claude Code runs no hooks at all', () => {
    const entry = { type: 'command', command: '/x/paid', args: ['hook'] }
    const { where } = settings(
      JSON.stringify({ disableAllHooks: true, hooks: { Stop: [{ hooks: [entry] }] } }),
    )
    const found = hooksStatus(where)
    expect(found.installed).toEqual(['Stop'])
    expect(found.missing).toHaveLength(events.length - 1)
    expect(found.disabled).toBe(true)
  })
})

describe('the command', () => {
  const binary = process.env['PAID_BIN']
  const paid = binary ? [binary] : [process.execPath, join(import.meta.dir, '../../src/main.ts')]

  const run = async (home: string, ...args: string[]) => {
    const child = Bun.spawn([...paid, 'hooks', ...args], {
      cwd: home,
      env: { PATH: process.env['PATH'], HOME: home },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const [stdout, stderr] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ])
    return { code: await child.exited, stdout, stderr }
  }

  test('installs itself for the user, shows it first with --print, and takes itself out', async () => {
    const { home, path, read } = settings(lived)
    const printed = await run(home, 'install', '--print')
    expect(read()).toBe(lived)
    expect(await run(home, 'install')).toMatchObject({ code: 0, stdout: expect.stringContaining(path) })
    expect(printed).toEqual({ code: 0, stdout: read(), stderr: '' })
    const [entry] = hooksIn(read())['Setup']?.[0]?.hooks ?? []
    expect(entry?.['command']).toStartWith('/')
    expect(existsSync(String(entry?.['command']))).toBe(true)
    expect(await run(home, 'install', '--json')).toEqual({
      code: 0,
      stdout: `${JSON.stringify({ settingsPath: path, changed: false })}\n`,
      stderr: '',
    })
    expect((await run(home, 'uninstall')).code).toBe(0)
    expect(read()).toBe(lived)
  })

  test('installs for the project with --project', async () => {
    const { home } = settings()
    const project = join(home, 'project')
    mkdirSync(project)
    const { code } = await run(project, 'install', '--project')
    expect(code).toBe(0)
    expect(readdirSync(join(project, '.claude'))).toEqual(['settings.json'])
    await run(project, 'uninstall', '--project')
    expect(readdirSync(join(project, '.claude'))).toEqual([])
  })

  test('says which file it refuses and why, and exits 1', async () => {
    const { home, path, read } = settings('{"hooks": [}')
    const { code, stdout, stderr } = await run(home, 'install')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toStartWith(`paid: ${path} is not valid JSON`)
    expect(read()).toBe('{"hooks": [}')
  })

  test('status needs no daemon, and says that there is none', async () => {
    const { home, path } = settings()
    const { code, stdout } = await run(home, 'status', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      settings: [
        {
          scope: 'user',
          settingsPath: path,
          exists: false,
          installed: [],
          missing: events,
          commands: [],
          disabled: false,
        },
      ],
      daemon: { running: false },
    })
    const spoken = await run(home, 'status')
    expect(spoken).toMatchObject({ code: 0, stderr: '' })
    expect(spoken.stdout).toContain('not installed')
    expect(spoken.stdout).toContain('not running')
    for (const name of ['.claude', '.paid']) expect(existsSync(join(home, name))).toBe(false)
  })
})
