// Installing into Claude Code's settings files and taking it out again, on files as people have them.

import { afterEach, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { hooksStatus, installHooks, previewInstall, uninstallHooks } from '../../src/cli/hooks/install.ts'
import { settingsPath } from '../../src/cli/hooks/settings-file.ts'
import { entryOf, events, hooksIn, lived, ours, removeSettings, settings } from '../support/settings.ts'

afterEach(removeSettings)

describe('install', () => {
  test('makes the file when there is none, for every event but WorktreeCreate, in exec form', () => {
    const { where, read } = settings()
    expect(installHooks(where).changed).toBe(true)
    expect(read()).toEndWith('}\n')
    expect(Object.keys(hooksIn(read()))).toEqual(events)
    expect(events).toHaveLength(32)
    expect(events).not.toContain('WorktreeCreate')
    for (const event of events) expect(hooksIn(read())[event]).toEqual([{ hooks: [entryOf(event)] }])
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
      {
        hooks: [{ type: 'command', ...ours, args: ['hook', '--reply'], timeout: 5, if: 'Bash(git *)' }],
      },
    ])
  })

  test('what wakes idle sessions is installed when it is asked for, and stays until it is uninstalled', () => {
    const { where, read } = settings(lived)
    installHooks(where)
    expect(hooksStatus(where).rewake).toBe(false)
    const rewake = { ...where, rewake: true }
    installHooks(rewake)
    expect(hooksIn(read())['Stop']?.at(-1)).toEqual({
      hooks: [{ type: 'command', ...ours, args: ['hook', '--rewake'], asyncRewake: true, timeout: 86_400 }],
    })
    const once = settings(lived)
    installHooks({ ...once.where, rewake: true })
    expect(read()).toBe(once.read())
    for (const again of [where, rewake]) expect(installHooks(again).changed).toBe(false)
    expect(hooksStatus(where)).toMatchObject({ rewake: true, missing: [], outdated: [] })
    expect(hooksStatus(where).installed).toHaveLength(events.length)
    uninstallHooks(where)
    expect(read()).toBe(lived)
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
