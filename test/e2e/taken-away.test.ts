// Commands that take something away say what they did, and nothing that is over with it; what they could not give back,
// a daemon or output, is told of.

import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { environmentOf, paidBinary, withDaemon } from '../support/daemon.ts'
import { openHome } from '../support/home.ts'

test('whoever takes something away is told that it is gone, on stderr', () =>
  withDaemon({}, async ({ run }) => {
    await run(['actions', 'add', 'bell', '--', 'true'])
    await run(['jobs', 'add', 'poll', '--every', '1h', '--do', 'bell'])
    await run(['rules', 'add', 'ring', '--on', 'type=x', '--do', 'bell'])
    await run(['webhooks', 'add', 'hub', '--scheme', 'none', '--publish', 'ci'])
    await run(['keys', 'add', 'laptop'])
    for (const [words, said] of [
      ['jobs remove poll', 'poll: removed'],
      ['rules remove ring', 'ring: removed'],
      ['actions remove bell', 'bell: removed'],
      ['webhooks remove hub', 'hub: removed'],
      ['keys revoke laptop', 'laptop: taken back'],
    ] as const)
      expect({ words, ...(await run(words.split(' '))) }).toEqual({
        words,
        code: 0,
        stdout: '',
        stderr: `${said}\n`,
      })
  }))

test('the last guard goes without a word about hooks that nobody needs any more', () =>
  withDaemon({}, async ({ run }) => {
    await run(['guard', 'add', '*.sql', '--lock', 'database'])
    await run(['guard', 'add', '*.md', '--lock', 'pages'])
    expect((await run(['guard', 'remove', '*.md'])).stderr).toContain('hooks install')
    expect(await run(['guard', 'remove', '*.sql'])).toEqual({
      code: 0,
      stdout: '',
      stderr: '*.sql: guarded no more\n',
    })
  }))

test.skipIf(!existsSync('/dev/full'))('output that cannot be written is a failure that is told', () =>
  withDaemon({}, async ({ home }) => {
    const child = Bun.spawn([paidBinary, 'paths'], {
      env: environmentOf(home),
      stdin: 'ignore',
      stdout: Bun.file('/dev/full'),
      stderr: 'pipe',
    })
    expect(await child.stderr.text()).toContain('paid: stdout cannot be written: ENOSPC')
    expect(await child.exited).toBe(1)
  }),
)

test('a restart that cannot start says that nothing runs any more', async () => {
  using taken = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  await using home = openHome()
  await home.paid(['start'])
  const { code, stderr } = await home.paid(['restart', '--listen', `127.0.0.1:${taken.port}`])
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /^paid: the daemon that ran has ended, and none runs now\npaid: The daemon did not start: /,
  )
  const again = await home.paid(['restart', '--listen', `127.0.0.1:${taken.port}`])
  expect(again.stderr).toStartWith('paid: The daemon did not start: ')
})
