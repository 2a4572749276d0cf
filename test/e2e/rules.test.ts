// Rules as people use them, and what a command that a rule runs may do without running itself for ever.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { follow } from '../../src/client/follow.ts'
import { unixLine } from '../../src/client/lines/unix.ts'
import type { Event } from '../../src/protocol/event.ts'
import { paidBinary, startDaemon, type TestDaemon } from '../support/daemon.ts'
import { ask } from '../support/http-text.ts'

let daemon: TestDaemon
let tests = 0
/** of this test alone */
let name = ''
beforeAll(async () => {
  daemon = await startDaemon()
})
afterAll(() => daemon.stop())
beforeEach(() => {
  name = `t${++tests}`
})

const paid = async (...args: string[]) => {
  const ran = await daemon.run(args)
  return { ...ran, stdout: ran.stdout.trim(), stderr: ran.stderr.trim() }
}
const done = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await paid(...args)
  expect({ args, code, stderr: code === 0 ? '' : stderr }).toEqual({ args, code: 0, stderr: '' })
  return stdout
}

/** So many events of a channel, from its beginning or as they come. */
const said = async (channel: string, count: number): Promise<Event[]> => {
  const stop = new AbortController()
  const found: Event[] = []
  const wanted = { channel, since: 0 }
  for await (const event of follow(wanted, { open: unixLine(daemon.socket), signal: stop.signal }))
    if (found.push(event) === count) stop.abort()
  return found
}

describe('a rule', () => {
  test('is added, shown, let rest and removed', async () => {
    await done('actions', 'add', name, '--publish', `said:${name}`)
    const added = await paid('rules', 'add', name, '--on', `type=${name},channel=board:*`, '--do', name)
    expect(added).toMatchObject({ code: 0, stdout: '', stderr: `${name}: added` })
    expect(
      (await paid('rules', 'add', name, '--on', `type=${name},channel=board:*`, '--do', name)).stderr,
    ).toBe(`${name}: there already, the very same`)
    const id = await done('emit', name, '{"n":1}', '--channel', 'board:main')
    await said(`said:${name}`, 1)
    expect(await done('rules', 'list')).toMatch(
      new RegExp(`^${name} +type=${name},channel=board:\\* -> ${name}  (idle|running), [01] done`, 'm'),
    )
    expect((await paid('rules', 'pause', name)).stderr).toBe(`${name} rests`)
    expect((await paid('rules', 'pause', name)).stderr).toBe(`${name} rested already`)
    await done('emit', name, '{"n":2}', '--channel', 'board:main')
    const shown = await done('rules', 'show', name)
    expect(shown).toContain(`state     paused, 1 done, 1 wait`)
    expect(shown).toContain(`success   ${id}, `)
    expect(JSON.parse(await done('rules', 'show', name, '--json'))).toMatchObject({
      name,
      on: [{ type: name, channel: ['board:*'] }],
      do: name,
      state: 'paused',
      backlog: 1,
      handled: 1,
      aside: [],
    })
    expect((await paid('rules', 'resume', name)).stderr).toBe(`${name} goes on`)
    await said(`said:${name}`, 2)
    expect((await paid('rules', 'remove', name)).stderr).toBe(`${name}: removed`)
    expect(JSON.parse(await done('rules', 'list', '--json'))).toEqual([])
  })

  test('begins in the past when it is told to', async () => {
    await done('actions', 'add', name, '--publish', `said:${name}`)
    await done('emit', name)
    expect(
      (await paid('rules', 'add', name, '--on', `type=${name}`, '--do', name, '--since', '1h')).stderr,
    ).toMatch(new RegExp(`^${name}: added`))
    await said(`said:${name}`, 1)
    await done('rules', 'remove', name)
  })

  test('whose action is not there is told of, and waits', async () => {
    const { code, stderr } = await paid('rules', 'add', name, '--on', `type=${name}`, '--do', 'nothing')
    expect({ code, lines: stderr.split('\n') }).toEqual({
      code: 0,
      lines: [
        `${name}: added`,
        expect.stringContaining('there is no action nothing yet: events wait for it'),
      ],
    })
    await done('rules', 'remove', name)
  })

  test.each([
    [['rules', 'add', 'x'], 'rules add needs --on: which events'],
    [['rules', 'add', 'x', '--on', 'type=a'], 'rules add needs --do: the action to run'],
    [['rules', 'add', 'x', '--on', 'Stop', '--do', 'y'], '--on does not know Stop'],
    [['rules', 'add', 'x', '--on', 'type=a,type=b', '--do', 'y'], '--on has two of type='],
    [['rules', 'add', 'x', '--on', 'type=', '--do', 'y'], '--on does not know type='],
    [
      ['rules', 'add', 'x', '--on', 'type=a', '--do', 'y', '--retries', 'x'],
      '--retries must be a whole number',
    ],
    [['rules', 'add', 'x', '--on', 'type=a', '--do', 'y', '--timeout', '3'], '--timeout must be a span'],
    [
      ['rules', 'add', 'x', '--on', 'type=a', '--do', 'y', '--filter', 'data.a = 1'],
      'filter: a single = compares nothing: write == at character 8: data.a = 1',
    ],
    [['rules', 'add'], 'rules add needs NAME'],
    [['rules', 'ad'], 'Did you mean `paid rules add`?'],
  ])('%j is wrong usage', async (args, message) => {
    const { code, stderr } = await paid(...args)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) })
  })

  test('that is not there is an error', async () => {
    for (const verb of ['show', 'pause', 'resume', 'retry', 'remove'])
      expect(await paid('rules', verb, 'nobody')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('There is no rule'),
      })
  })
})

/** Posts an event that the rule waits for; the rule must leave alone all that its own command posted. */
const ring = async (script: string, posts: (cause: string) => Promise<void> = async () => {}) => {
  const channel = `ring:${name}`
  await done('actions', 'add', name, '--', 'sh', '-c', `paid() { "${paidBinary}" "$@"; }\n${script}`)
  await done('rules', 'add', name, '--on', `channel=${channel}`, '--on', 'channel=session:ring', '--do', name)
  const id = await done('emit', 'Stop', '--channel', channel)
  await said(`action:${name}`, 3) // added, started, finished
  await posts(`rule:${name}/${id}`)
  const last = await done('emit', 'Last', '--channel', channel)
  const all = await said(`action:${name}`, 5)
  const causes = all.flatMap(({ type, data }) =>
    type === 'action.started' ? [String(Reflect.get(Object(data), 'cause'))] : [],
  )
  expect(causes).toEqual([`rule:${name}/${id}`, `rule:${name}/${last}`])
  await done('rules', 'remove', name)
}

describe('a rule’s own command does not run the rule again', () => {
  test('with paid emit, and paid publish', async () => {
    await ring(`paid emit Again --channel ring:${name} && paid publish ring:${name} '{}' --store`)
  }, 30_000)

  test('with any call', async () => {
    const one = `{"type":"Again","channel":"ring:${name}"}`
    await ring(`paid call event.publish '${one}' && paid call event.publish '{"events":[${one}]}'`)
  }, 30_000)

  test('with another action that it runs', async () => {
    await done('actions', 'add', `${name}-say`, '--publish', `ring:${name}`)
    await ring(`paid actions run ${name}-say`)
  }, 30_000)

  test('with a job that it asks for', async () => {
    await done('actions', 'add', `${name}-say`, '--publish', `ring:${name}`)
    await done('jobs', 'add', `${name}-job`, '--every', '1d', '--do', `${name}-say`)
    await ring(`paid jobs run ${name}-job`)
  }, 30_000)

  test('with a lock that it takes, for a while or for a command', async () => {
    const locked = `${name}-lock`
    const words = [
      paidBinary,
      'lock',
      locked,
      '--wait',
      '10s',
      '--',
      paidBinary,
      'lock',
      `${locked}-2`,
      '--',
      'true',
    ]
    await done('actions', 'add', name, '--', ...words)
    const on = ['--on', `channel=lock:${locked}*`, '--on', `channel=ring:${name}`]
    await done('rules', 'add', name, ...on, '--do', name)
    await done('lock', locked, '--', 'true')
    // added, and a run for each of what the lock told
    await said(`action:${name}`, 5)
    const last = await done('emit', 'Last', '--channel', `ring:${name}`)
    const causes = (await said(`action:${name}`, 7)).map(({ data }) => Object(data).cause)
    expect(causes[5]).toBe(`rule:${name}/${last}`)
    await done('rules', 'remove', name)
  }, 30_000)

  test('with a program of its user that has the client', async () => {
    const client = join(import.meta.dir, '../../src/client/index.ts')
    const program = join(daemon.home, 'program.mjs')
    writeFileSync(
      program,
      `import { connect } from ${JSON.stringify(client)}
await using paid = await connect()
await paid.call('event.publish', { channel: 'ring:${name}', type: 'Again' })`,
    )
    await ring(`"${process.execPath}" ${program}`)
  }, 30_000)

  test('with a Claude Code that it runs, whose hooks come now or later', async () => {
    const hook = '{"hook_event_name":"Stop","session_id":"ring"}'
    await ring(`echo '${hook}' | paid hook`)
    // one that found no daemon
    const lone = join(daemon.home, 'lone')
    const env = { ...daemon.env, PAID_HOME: lone, PAID_CAUSE: 'rule:größe/evt_1' }
    Bun.spawnSync(['mkdir', '-m', '700', lone])
    await daemon.run(['hook'], { stdin: hook, env })
    await using later = await startDaemon({ home: lone })
    const origin = await later.run(['call', 'event.list', '{"session":"ring"}'])
    expect(origin.stdout).toContain('rule:größe/evt_1')
  }, 30_000)

  test('with what comes back over HTTP with its X-Paid-Cause', async () => {
    await ring('true', async (cause) => {
      const headers = { 'x-paid-cause': encodeURI(cause), 'content-type': 'application/json' }
      const event = { type: 'Again', session_id: 'ring' }
      for (const [path, body] of [
        ['/events', event],
        ['/events', [event, event]],
        ['/hooks/claude', { hook_event_name: 'Again', session_id: 'ring' }],
        ['/call/event.publish', { type: 'Again', channel: 'session:ring' }],
      ] as const) {
        const answer = await ask(daemon, path, { method: 'POST', headers, body: JSON.stringify(body) })
        expect(answer.status, path).toBe(200)
      }
    })
  }, 30_000)
})

test('what is no cause is refused over HTTP, and never costs a hook its event', async () => {
  const post = (cause: string) =>
    ask(daemon, '/events', {
      method: 'POST',
      headers: { 'x-paid-cause': cause, 'content-type': 'application/json' },
      body: '{"type":"any"}',
    })
  for (const wrong of ['%', '%0A', 'x'.repeat(2000)]) {
    const answer = await post(wrong)
    expect({ wrong, status: answer.status }).toEqual({ wrong, status: 400 })
    expect(await answer.text()).toContain('X-Paid-Cause')
  }
  for (const fine of ['', 'job:nightly@1', encodeURI('rule:größe %/evt_1')])
    expect((await post(fine)).status).toBe(200)
  for (const env of [{ PAID_CAUSE: 'two\nlines' }, { PAID_CAUSE: 'x'.repeat(2000) }, { PAID_CAUSE: '' }]) {
    const stdin = '{"hook_event_name":"Stop","session_id":"odd"}'
    expect(await daemon.run(['hook'], { stdin, env })).toMatchObject({ code: 0, stdout: '{}' })
  }
  expect(JSON.parse(await done('events', '--session', 'odd', '--json'))).toHaveLength(3)
}, 30_000)

test('a command finds what it acts upon, and its daemon', async () => {
  const file = join(daemon.home, 'seen')
  await done('actions', 'add', name, '--', 'sh', '-c', `echo "$PAID_CAUSE $PAID_HOME" > ${file}`)
  await done('rules', 'add', name, '--on', `type=${name}`, '--do', name)
  const id = await done('emit', name)
  await said(`action:${name}`, 3)
  expect(readFileSync(file, 'utf8')).toBe(`rule:${name}/${id} ${daemon.home}\n`)
  await done('rules', 'remove', name)
}, 30_000)
