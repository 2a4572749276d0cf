// Contents of excluded files in what a managed session tells: the session has them, and the log does not.

import { expect, test } from 'bun:test'
import { openSessions } from '../support/sessions.ts'

const secret = 'hunter2-hunter2'
const withheld = '[withheld: the file is excluded]'

test('contents of an excluded file are not kept of what a session tells, but its path is', async () => {
  await using sessions = await openSessions()
  const { id, told } = await sessions.spawn(
    [
      `free Write ${JSON.stringify({ file_path: '/p/.env', content: secret })}`,
      `free Bash ${JSON.stringify({ command: 'cat ./.env', description: secret.slice(0, 7) })}`,
      `tool Bash ${JSON.stringify({ command: `echo ${secret} > .env` })}`,
      `free Bash ${JSON.stringify({ command: 'ls' })}`,
    ].join('\n'),
  )
  using _ = told
  expect(await told.next('tool.started')).toMatchObject({
    input: { file_path: '/p/.env', content: withheld },
  })
  expect(await told.next('tool.finished')).toMatchObject({ ok: true, result: withheld })
  expect(await told.next('tool.started')).toMatchObject({
    input: { command: 'cat ./.env', description: 'hunter2' },
  })
  expect(await told.next('tool.finished')).toMatchObject({ result: withheld })
  const { request } = await told.next('permission.requested', ({ input }) => {
    expect(input).toEqual({ command: withheld })
    return true
  })
  // what is allowed is the command itself
  await sessions.connection.call('session.answer', { id, request: String(request), allow: true })
  expect(await told.next('tool.finished')).toMatchObject({ ok: true, result: withheld })
  expect(await told.next('tool.finished')).toMatchObject({ result: 'did {"command":"ls"} once' })
  await told.next('turn.finished')
  // what somebody said is kept as it was said
  const ofTools = told.told.filter(({ type }) => /^(tool|permission)\./.test(type))
  expect(JSON.stringify(ofTools)).not.toContain(secret)
}, 30_000)
