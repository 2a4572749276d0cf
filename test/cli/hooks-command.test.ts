// `paid hooks` as a command, and what its status says.

import { afterEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hooksStatus, installHooks } from '../../src/cli/hooks/install.ts'
import { events, hooksIn, lived, removeSettings, settings } from '../support/settings.ts'

afterEach(removeSettings)

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
    expect(found.outdated).toEqual(['Stop'])
    installHooks(where)
    expect(hooksStatus(where)).toMatchObject({ missing: [], outdated: [] })
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
          outdated: [],
          rewake: false,
          unguarded: false,
          commands: [],
          disabled: false,
        },
      ],
      git: [],
      daemon: { running: false },
    })
    const spoken = await run(home, 'status')
    expect(spoken).toMatchObject({ code: 0, stderr: '' })
    expect(spoken.stdout).toContain('not installed')
    expect(spoken.stdout).toContain('not running')
    for (const name of ['.claude', '.paid']) expect(existsSync(join(home, name))).toBe(false)
  })
})
