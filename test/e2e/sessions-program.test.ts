// The program that sessions are started with: Claude Code, something else, or nothing.

import { expect, test } from 'bun:test'
import { readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorOf } from '../support/errors.ts'
import { openSessions } from '../support/sessions.ts'

const timeout = 60_000

test(
  'without Claude Code it is said how to get it, and no session is left',
  async () => {
    await using sessions = await openSessions({ env: { PAID_CLAUDE: '/nowhere/claude' } })
    expect(await errorOf(sessions.spawn('x'))).toMatchObject({
      code: 'no_claude',
      message: 'There is no program /nowhere/claude to start',
    })
    expect(await sessions.connection.call('session.list', {})).toEqual({ sessions: [] })
  },
  timeout,
)

test(
  'a program that is none of Claude Code, or hangs, is told within its time',
  async () => {
    await using sessions = await openSessions()
    const program = join(sessions.home, 'bin', 'claude')
    for (const [script, said] of [
      ['#!/nowhere/interpreter\n', 'cannot be run'],
      ['\x7fELF nothing', 'cannot be run'],
      ['#!/bin/sh\necho hello\n', 'does not say a version of Claude Code: hello'],
      ['#!/bin/sh\necho "1.0.99 (Claude Code)"\n', '2.0.0 or newer is needed'],
      // what it leaves behind holds its output open
      ['#!/bin/sh\nsleep 600 &\necho hello\n', 'does not say a version'],
    ] as const) {
      writeFileSync(program, script)
      expect(await errorOf(sessions.spawn('x'))).toMatchObject({
        code: 'no_claude',
        message: expect.stringContaining(said),
      })
    }
    expect(await sessions.connection.call('session.list', {})).toEqual({ sessions: [] })
  },
  timeout,
)

test(
  'a program that was replaced is asked for its version again, also when its file says that it is as old',
  async () => {
    await using sessions = await openSessions()
    const program = join(sessions.home, 'bin', 'claude')
    const scripted = readFileSync(program, 'utf8')
    const versions = []
    for (const version of ['2.1.400', '2.1.401']) {
      const answers = `[ "$1" = --version ] && echo "${version} (Claude Code)" && exit`
      writeFileSync(`${program}.new`, scripted.replace('\n', `\n${answers}\n`), { mode: 0o755 })
      renameSync(`${program}.new`, program)
      utimesSync(program, 500_000_000, 500_000_000)
      const { told } = await sessions.spawn()
      versions.push((await told.next('session.spawned'))['claude'])
      told[Symbol.dispose]()
    }
    expect(versions).toEqual(['2.1.400', '2.1.401'])
  },
  timeout,
)
