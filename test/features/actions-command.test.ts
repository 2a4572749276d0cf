// Commands as actions: what they get, what counts as their result, and how they end.

import { expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { limits } from '../../src/protocol/limits.ts'
import { signalGroup } from '../../src/lib/ended-group.ts'
import { openActionsRoom, outcome } from '../support/actions-room.ts'
import { createMovedClocks } from '../support/moved-clocks.ts'

test('what it is run with comes as one line of JSON on stdin', async () => {
  await using room = openActionsRoom()
  await room.command('cat', ['cat'])
  await room.command('lines', ['wc', '-l'])
  for (const args of [{ a: [1, { b: 'ä😀\n' }] }, [], 'text', 5, null, false])
    expect(await room.run('cat', args)).toMatchObject({ result: args })
  expect(await room.run('cat')).toMatchObject({ result: {} })
  expect(await room.run('lines', { a: 'x\ny' })).toMatchObject({ result: 1 })
})

test.each([
  ['JSON', 'printf \'{"a":1}\'', { a: 1 }],
  ['JSON on several lines', 'printf \'{\\n"a":\\n1}\\n\\n\'', { a: 1 }],
  ['text', 'echo hello; echo there', 'hello\nthere'],
  ['nothing', ':', null],
  ['text that begins like JSON', 'echo \'{"a":1} and more\'', '{"a":1} and more'],
  ['bytes that are no text', "printf '\\377x'", '\ufffdx'],
])('its result is what it says: %s', async (_what, script, result) => {
  await using room = openActionsRoom()
  await room.command('say', ['sh', '-c', script])
  expect(await room.run('say')).toMatchObject({ result, exitCode: 0 })
})

test('there is no shell: words are words', async () => {
  await using room = openActionsRoom()
  const word = '$HOME; `id` "*" \' && | \\'
  await room.command('words', ['printf', '%s|', word, '', '--'])
  expect(await room.run('words')).toMatchObject({ result: `${word}||--|` })
})

test('it runs in HOME, or where it was told, with the umask of the user and a group of its own', async () => {
  await using room = openActionsRoom()
  const place = mkdtempSync(join(tmpdir(), 'paid-cwd-'))
  await room.command('here', ['pwd', '-P'])
  await room.command('there', ['sh', '-c', 'umask; pwd -P; : > made; ps -o pgid= -p $$; echo $$'], {
    cwd: place,
  })
  expect(await room.run('here')).toMatchObject({ result: homedir() })
  const { result } = await room.run('there')
  const [umask, folder, group, pid] = String(result).split('\n')
  expect([umask, folder]).toEqual(['0022', place])
  expect(group?.trim()).toBe(String(pid))
  expect(statSync(join(place, 'made')).mode & 0o777).toBe(0o644)
  rmSync(place, { recursive: true })
})

test('what cannot be run is told: no program, no folder, not executable', async () => {
  await using room = openActionsRoom()
  await room.command('none', ['no-such-program-anywhere'])
  await room.command('lost', ['true'], { cwd: '/no/such/folder' })
  const text = join(room.folder, 'text')
  writeFileSync(text, 'no program')
  await room.command('text', [text])
  expect(await outcome(room.run('none'))).toMatchObject({
    code: 'action_failed',
    message: 'There is no program no-such-program-anywhere',
  })
  expect(await outcome(room.run('lost'))).toMatchObject({
    message: 'There is no folder /no/such/folder to run it in',
  })
  expect(await outcome(room.run('text'))).toMatchObject({ message: `${text} cannot be run (EACCES)` })
  expect(room.eventsOf('none').at(-1)).toMatchObject({ data: { reason: 'not_started' } })
})

test('one that reads nothing of a long stdin is none the worse', async () => {
  await using room = openActionsRoom()
  const args = 'x'.repeat(5_000_000)
  await room.command('deaf', ['true'])
  await room.command('closes', ['sh', '-c', 'exec 0<&-; sleep 0.1; echo fine'])
  await room.command('counts', ['wc', '-c'])
  expect(await room.run('deaf', args)).toMatchObject({ exitCode: 0 })
  expect(await room.run('closes', args)).toMatchObject({ result: 'fine' })
  expect(await room.run('counts', args)).toMatchObject({ result: args.length + 3 })
})

test('one that closes its output and lives is waited for; what it left running is not', async () => {
  await using room = openActionsRoom()
  await room.command('quiet', ['sh', '-c', 'echo said; exec 1>&- 2>&-; sleep 0.3; exit 3'])
  expect(await outcome(room.run('quiet'))).toMatchObject({ message: 'exit code 3' })
  await room.command('leaves', ['sh', '-c', 'sleep 60 & echo $!'])
  const { result, durationMs } = await room.run('leaves')
  expect(durationMs).toBeLessThan(10_000)
  process.kill(Number(result), 'SIGKILL')
})

test('of its output 1 MiB is kept, and it is not held up by more', async () => {
  await using room = openActionsRoom()
  await room.command('flood', [
    'sh',
    '-c',
    'head -c 20000000 /dev/zero | tr "\\0" x; head -c 9000000 /dev/zero >&2',
  ])
  const { result, truncated } = await room.run('flood')
  expect(String(result)).toHaveLength(limits.actionResultBytes)
  expect(truncated).toBe(true)
  const finished = room.eventsOf('flood').at(-1)
  expect(JSON.stringify(finished).length).toBeLessThan(limits.actionPreviewBytes + 500)
  expect(room.engine.diary.entries.length).toBeLessThan(100)
})

test('a failure tells the end of a long stderr, from the beginning of a line', async () => {
  await using room = openActionsRoom()
  await room.command('talks', ['sh', '-c', 'seq 1 5000 >&2; exit 1'])
  const { message } = Object(await outcome(room.run('talks')))
  expect(message).toStartWith('exit code 1: ')
  expect(message).toEndWith('\n4999\n5000')
  expect(String(message).length).toBeLessThan(limits.stderrTailBytes + 20)
  const [first] = /: (\d+)/.exec(String(message)) ?? []
  expect(first).toHaveLength(6)
})

test('one that takes too long is ended with all of its group, whoever ignores SIGTERM', async () => {
  const clocks = createMovedClocks()
  await using room = openActionsRoom({ steady: clocks.process() })
  const place = mkdtempSync(join(tmpdir(), 'paid-pids-'))
  const stubborn = `trap "" TERM; echo $$ >> pids; while :; do sleep 1; done`
  await room.command('stubborn', ['sh', '-c', `echo $$ >> pids; sh -c '${stubborn}' & ${stubborn}`], {
    cwd: place,
    timeout: 400,
  })
  const ended = outcome(room.run('stubborn'))
  const pids = await linesOf(join(place, 'pids'), 3)
  await clocks.pass(400, () => room.engine.log.read(() => undefined))
  expect(await ended).toEqual({
    code: 'action_timeout',
    message: 'It took longer than 400ms and was ended',
  })
  expect(pids.filter(isAlive)).toEqual([])
  expect(room.eventsOf('stubborn').at(-1)).toMatchObject({ data: { reason: 'timeout' } })
  rmSync(place, { recursive: true })
}, 20_000)

test('one that ends when asked is not waited for any longer; a caller may give it less time', async () => {
  const clocks = createMovedClocks()
  await using room = openActionsRoom({ steady: clocks.process() })
  const script = 'trap "echo bye >&2; exit 0" TERM; echo $$ > pid; sleep 60 & wait'
  await room.command('tidy', ['sh', '-c', script], { cwd: room.folder })
  const ended = outcome(room.run('tidy', {}, { timeout: 300 }))
  await linesOf(join(room.folder, 'pid'), 1)
  const began = performance.now()
  await clocks.pass(300, () => room.engine.log.read(() => undefined))
  expect(await ended).toMatchObject({ code: 'action_timeout' })
  expect(performance.now() - began).toBeLessThan(10_000)
  expect(room.engine.diary.entries.map(({ values }) => values?.['line'])).toContain('bye')
})

test('a signal that ends it is a failure that names it', async () => {
  await using room = openActionsRoom()
  await room.command('dies', ['sh', '-c', 'kill -SEGV $$'])
  expect(await outcome(room.run('dies'))).toMatchObject({ message: 'ended by SIGSEGV' })
  expect(room.eventsOf('dies').at(-1)).toMatchObject({ data: { exitCode: 139 } })
})

/** Not dead, and not a dead one that nobody asked for. */
const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return process.platform !== 'linux' && signalGroup(pid, 0)
  }
}

/** The numbers that processes write into a file, once there are so many. */
const linesOf = async (file: string, count: number): Promise<number[]> => {
  for (;;) {
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
    if (lines.length >= count) return lines.map(Number)
    await Bun.sleep(5)
  }
}
