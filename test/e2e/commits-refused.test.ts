// What comes in at `POST /hooks/git` and from the spool and is no commit, and commits of repositories that are gone or
// were never there: refused or noted, and the next one is taken in as ever.

import { expect, test } from 'bun:test'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { spoolAt } from '../../src/lib/spool.ts'
import { limits } from '../../src/protocol/limits.ts'
import { openCommitStage } from '../support/commits.ts'

test('what is no commit is refused at the door, and put aside in the spool', async () => {
  using at = openCommitStage()
  const spool = spoolAt(join(at.home, 'spool'), limits.spoolBytes)
  const body = new TextEncoder().encode('{"sha":"HEAD"}')
  spool.write({ key: 'git-x', occurredAt: 1, path: '/hooks/git', body })
  await using daemon = await at.start()
  const post = async (text: string): Promise<number> => {
    const headers = { 'content-type': 'application/json' }
    const init = { method: 'POST', headers, body: text, unix: daemon.httpSocket }
    return (await fetch('http://localhost/hooks/git', init)).status
  }
  for (const text of ['', 'x', '[]', 'null', '{}', '{"sha":"HEAD"}', '{"sha":1,"folder":"/"}'])
    expect([text, await post(text)]).toEqual([text, 400])
  expect(await post(`{"sha":"${'x'.repeat(2 * limits.bodyBytes)}"}`)).toBe(413)
  for (
    let look = 0;
    look < 200 && !readdirSync(spool.folder).some((name) => name.startsWith('refused-'));
    look++
  )
    await Bun.sleep(50)
  expect(readdirSync(spool.folder)).toEqual([expect.stringMatching(/^refused-1-git-x/)])
  expect(await at.events('commit.made')).toEqual([])
})

test('a commit whose repository is gone, or that was never made, has what was told of it', async () => {
  using at = openCommitStage()
  const project = await at.repository()
  await at.paid(project, 'hooks', 'install', '--git')
  const { sha } = await at.commit(project, 'a.txt', 'a\n', { CLAUDE_CODE_SESSION_ID: 's-1' })
  await at.commit(project, 'a.txt', 'b\n')
  rmSync(project, { recursive: true })
  await using _ = await at.start()
  const real = await at.repository('real')
  const never = { sha: 'f'.repeat(40), folder: real, commonDir: join(real, '.git'), at: Date.now() }
  await at.paid(real, 'call', 'commit.record', JSON.stringify(never))
  const linked = await at.until('commit.linked', 4)
  const told = linked.filter(({ channel }) => channel.startsWith('repo:')).map(({ data }) => data)
  expect(told).toMatchObject([
    { sha, link: 'exact', sessions: ['s-1'], files: 0 },
    { link: 'none', sessions: [] },
    { sha: never.sha, link: 'none', sessions: [] },
  ])
})
