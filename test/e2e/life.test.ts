// The life of a daemon as its owner sees it: `paid start`, `stop`, `restart`, what happens after a crash, and why a
// daemon does not start.

import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { acquireFileLock } from '../../src/lib/file-lock.ts'
import { processStart } from '../../src/lib/process-start.ts'
import { paidBinary, runPaid, startDaemon, withDaemon } from '../support/daemon.ts'
import { openHome } from '../support/home.ts'

/** Waits until a process we do not own as a child is gone. */
const gone = async (pid: number) => {
  while (processStart(pid) !== undefined && !isZombie(pid)) await Bun.sleep(5)
}
const isZombie = (pid: number) => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ')
  } catch {
    // it went between two looks
    return true
  }
}

describe('paid start', () => {
  test('returns when the daemon answers, and says in one line each what comes next', async () => {
    await using home = openHome()
    const { code, stdout, stderr } = await home.paid(['start'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = stdout.trim().split('\n')
    expect(lines).toHaveLength(7)
    expect(lines[0]).toMatch(/^paid \S+ is running, pid \d+$/)
    expect(lines[1]).toMatch(/listens {2}http:\/\/127\.0\.0\.1:\d+$/)
    expect(lines[2]).toContain(home.paths.home)
    for (const words of ['tail', 'hooks install', 'stop']) expect(stdout).toContain(`${paidBinary} ${words}`)
    expect(stdout).not.toContain(readFileSync(home.paths.token, 'utf8').trim())

    const pasted = lines.find((line) => line.includes('curl'))?.replace(/^\s*post\s+/, '') ?? ''
    const curl = Bun.spawn(['sh', '-c', pasted], { stdout: 'pipe', stderr: 'ignore' })
    expect(await curl.stdout.json()).toMatchObject({ ok: true })
    expect((await home.paid(['events'])).stdout).toContain('hello')
  })

  test('is fine when one runs already', async () => {
    await using home = openHome()
    await home.paid(['start'])
    const again = await home.paid(['start'])
    expect(again).toMatchObject({ code: 0, stderr: '' })
    expect(again.stdout).toContain('runs already')
    const flagged = await home.paid(['start', '--listen', '127.0.0.1:1'])
    expect(flagged).toMatchObject({ code: 0, stderr: expect.stringContaining('your flags change nothing') })
  })

  test('ten times at once gives one daemon and ten times exit 0', async () => {
    await using home = openHome()
    const all = await Promise.all(Array.from({ length: 10 }, () => home.paid(['start'])))
    expect(all.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      Array.from({ length: 10 }, () => ({ code: 0, stderr: '' })),
    )
    const pids = all.map(({ stdout }) => /pid (\d+)/.exec(stdout)?.[1])
    expect(new Set(pids)).toEqual(new Set([String(home.pid())]))
  })

  test('leaves its terminal: a session of its own, its words in the log', async () => {
    await using home = openHome()
    await home.paid(['start'])
    const fields = readFileSync(`/proc/${home.pid()}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? []
    expect(fields[3]).toBe(String(home.pid()))
    expect((await home.paid(['logs'])).stdout).toContain('ready')
    expect(statSync(home.paths.log).mode & 0o777).toBe(0o600)
  })

  test('works after kill -9, over what the dead one left', async () => {
    await using home = openHome()
    await home.paid(['start'])
    const id = (await home.paid(['emit', 'before'])).stdout
    const pid = home.pid()
    process.kill(pid, 'SIGKILL')
    await gone(pid)
    expect(existsSync(home.paths.socket)).toBe(true)
    expect((await home.paid(['status'])).code).toBe(3)
    expect((await home.paid(['start'])).code).toBe(0)
    expect(home.pid()).not.toBe(pid)
    expect((await home.paid(['events', '--json'])).stdout).toContain(id.trim())
  })

  test('waits for all sockets, also for those that a dead one left and that are looked into first', async () => {
    await using home = openHome()
    const words = ['start', '--photon', 'kanban', '--photon', 'todo']
    const HOME = home.paths.home
    const start = () => home.paid(words, { env: { HOME } })
    await start()
    const pid = home.pid()
    process.kill(pid, 'SIGKILL')
    await gone(pid)
    expect(await start()).toMatchObject({ code: 0, stdout: expect.stringContaining('is running') })
    expect((await home.paid(['logs'])).stdout).not.toContain('a call failed')
  })

  test('is not confused by the pid of another process in daemon.json', async () => {
    await using home = openHome()
    writeFileSync(
      home.paths.daemon,
      JSON.stringify({ pid: process.pid, startTime: processStart(process.pid) }),
    )
    expect((await home.paid(['status'])).code).toBe(3)
    expect(await home.paid(['stop'])).toMatchObject({ code: 0, stdout: 'not running\n' })
    expect((await home.paid(['start'])).code).toBe(0)
    expect(home.pid()).not.toBe(process.pid)
  })
})

describe('a daemon that cannot start says why in the terminal', () => {
  test('when a daemon of another home has its port', () =>
    withDaemon({}, async ({ url }) => {
      await using home = openHome()
      const { host } = new URL(url)
      for (const flag of ['--listen', '--webhooks']) {
        const own = flag === '--listen' ? [] : ['--listen', '127.0.0.1:0']
        expect(await home.paid(['start', ...own, flag, host])).toMatchObject({
          code: 1,
          stderr: expect.stringContaining(`Port ${new URL(url).port} of 127.0.0.1 is taken`),
        })
      }
    }))

  test('when its port is taken', async () => {
    using taken = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
    await using home = openHome()
    const { code, stderr } = await home.paid(['start', '--listen', `127.0.0.1:${taken.port}`])
    expect(code).toBe(1)
    expect(stderr).toStartWith('paid: The daemon did not start: ')
    expect(stderr).toContain(String(taken.port))
    expect(
      (await home.paid(['start', '--foreground', '--listen', `127.0.0.1:${taken.port}`])).stderr,
    ).toContain(String(taken.port))
    expect((await home.paid(['start'])).code).toBe(0)
  })

  test('when its home cannot be made', async () => {
    await using home = openHome()
    writeFileSync(join(home.paths.home, 'file'), '')
    const PAID_HOME = join(home.paths.home, 'file', 'home')
    const said = `${PAID_HOME} cannot be made (ENOTDIR): set PAID_HOME to a folder of your own\n`
    expect(await home.paid(['start'], { env: { PAID_HOME } })).toEqual({
      code: 1,
      stdout: '',
      stderr: `paid: ${said}`,
    })
  })

  test.each(['socket', 'httpSocket'] as const)(
    'when a file stands where its %s goes, and leaves it alone',
    async (name) => {
      await using home = openHome()
      const planted = home.paths[name]
      writeFileSync(planted, 'precious')
      const { code, stderr } = await home.paid(['start'])
      expect(code).toBe(1)
      expect(stderr).toContain(planted)
      expect(readFileSync(planted, 'utf8')).toBe('precious')
    },
  )

  test('when its log is a symlink, and writes nothing through it', async () => {
    await using home = openHome()
    const target = join(home.paths.home, 'target')
    writeFileSync(target, 'precious')
    symlinkSync(target, home.paths.log)
    expect((await home.paid(['start'])).code).toBe(1)
    expect(readFileSync(target, 'utf8')).toBe('precious')
  })

  test('when its configuration is wrong: by file and key, as wrong usage', async () => {
    await using home = openHome()
    writeFileSync(home.paths.config, '{"http": {"maxBody": "big"}}')
    const { code, stderr } = await home.paid(['start'])
    expect(code).toBe(2)
    expect(stderr).toContain(`${home.paths.config}: http.maxBody must be a whole number`)
  })

  test('when its home is too long for a socket', async () => {
    await using home = openHome()
    const { code, stderr } = await home.paid(['start'], { env: { PAID_HOME: `/tmp/${'x'.repeat(100)}` } })
    expect(code).toBe(2)
    expect(stderr).toContain('too long')
  })

  test('when others can write to its home', async () => {
    await using home = openHome()
    const open = join(home.paths.home, 'open')
    mkdirSync(open)
    Bun.spawnSync(['chmod', '777', open])
    const { code, stderr } = await home.paid(['start'], { env: { PAID_HOME: open } })
    expect(code).toBe(1)
    expect(stderr).toContain('Others can write')
  })
})

describe('paid stop', () => {
  test('returns when the daemon is gone, and its sockets with it', async () => {
    await using home = openHome()
    await home.paid(['start'])
    const pid = home.pid()
    expect(await home.paid(['stop'])).toMatchObject({ code: 0, stdout: 'stopped\n' })
    await gone(pid)
    for (const left of [home.paths.socket, home.paths.httpSocket, home.paths.daemon])
      expect(existsSync(left)).toBe(false)
    expect(await home.paid(['stop'])).toMatchObject({ code: 0, stdout: 'not running\n' })
  })

  test('ends one that hangs, known by pid and start time', async () => {
    await using daemon = await startDaemon()
    await daemon.kill('SIGSTOP')
    const { code, stderr } = await daemon.run(['stop'])
    expect(code).toBe(0)
    expect(stderr).toContain(`to pid ${daemon.pid}`)
    expect(await daemon.exited).toBe('SIGKILL')
  }, 40_000)

  test('waits for one that begins or ends in this very moment', async () => {
    await using home = openHome()
    const lock = acquireFileLock(home.paths.lock)
    let asked = 0
    // it has the home, says that it begins or ends, and has not written down who it is; asked again, it is gone
    const listener = Bun.listen({
      unix: home.paths.socket,
      socket: {
        data: (socket, bytes) => {
          const { id } = JSON.parse(bytes.toString())
          socket.write(`${JSON.stringify({ id, error: { code: 'stopping', message: 'x', hint: 'x' } })}\n`)
          if (++asked < 2) return
          lock?.[Symbol.dispose]()
          listener.stop()
          rmSync(home.paths.socket, { force: true })
        },
      },
    })
    expect(await home.paid(['stop'])).toEqual({ code: 0, stdout: 'stopped\n', stderr: '' })
    expect(asked).toBe(2)
  })

  test('signals nobody when pid and start time are not those of the daemon', async () => {
    await using home = openHome()
    const innocent = Bun.spawn(['sleep', '60'])
    {
      using lock = acquireFileLock(home.paths.lock)
      expect(lock).toBeDefined()
      writeFileSync(home.paths.daemon, JSON.stringify({ pid: innocent.pid, startTime: '1' }))
      const { code, stderr } = await home.paid(['stop'])
      expect(code).toBe(1)
      expect(stderr).toContain('cannot be told for certain')
    }
    expect(innocent.exitCode).toBeNull()
    innocent.kill()
    await innocent.exited
    expect(innocent.signalCode).toBe('SIGTERM')
  })
})

describe('paid restart', () => {
  test('is another process at the same address', async () => {
    await using home = openHome()
    const before = await home.paid(['start', '--listen', '127.0.0.1:0,auth=none'])
    const pid = home.pid()
    const after = await home.paid(['restart'])
    expect(after.code).toBe(0)
    expect(home.pid()).not.toBe(pid)
    const url = (text: string) => /http:\S+/.exec(text)?.[0] ?? ''
    expect(url(after.stdout)).toBe(url(before.stdout))
    expect((await fetch(`${url(after.stdout)}/events`)).status).toBe(200)
  })

  test('starts one that did not run, and leaves one alone that could not start again', async () => {
    await using home = openHome()
    expect((await home.paid(['restart'])).code).toBe(0)
    const pid = home.pid()
    writeFileSync(home.paths.config, '{"nonsense": 1}')
    expect((await home.paid(['restart'])).code).toBe(2)
    expect(home.pid()).toBe(pid)
    expect((await home.paid(['status'])).code).toBe(0)
  })
})

test('two homes have two daemons', async () => {
  await using one = openHome()
  await using other = openHome()
  await Promise.all([one.paid(['start']), other.paid(['start'])])
  await one.paid(['emit', 'only.here'])
  expect((await one.paid(['events'])).stdout).toContain('only.here')
  expect((await other.paid(['events', '--json'])).stdout).toBe('[]\n')
})

test('the version is told without a home, and a shell needs nothing else', async () => {
  expect(await runPaid(['--version'], { env: {} })).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^paid \d/),
  })
  expect(await runPaid(['-v'], { env: { PAID_HOME: 'not/absolute' } })).toMatchObject({ code: 0 })
})
