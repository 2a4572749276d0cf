// The daemon is killed at every moment of a commit: while the hook hands it over, before it is linked, between the link
// and the files, and while they are written. Afterwards all of it is whole, and nothing is there twice.

import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { load } from 'js-yaml'
import { z } from 'zod'
import { openCommitStage } from '../support/commits.ts'
import { put } from '../support/git.ts'

/** after the commit began, ms: the hook runs for some 10, the link comes after 1,000, the files right behind it */
const moments = [0, 5, 10, 15, 20, 40, 400, 1000, 1015, 1030, 1045, 1060, 1080, 1100, 1130]

const document = z.object({
  version: z.string(),
  metadata: z.object({ sessionId: z.string(), gitCommit: z.string() }),
})
const index = z.record(z.string(), z.object({ lastVersion: z.string() }))
const shas = z.object({ sha: z.string() })
const commits = z.object({ commit: z.string() })

test('killed at any moment of a commit, everything is whole afterwards and nothing twice', async () => {
  using at = openCommitStage()
  const project = await at.repository()
  await at.paid(project, 'hooks', 'install', '--git')
  put(join(project, '.git/info/exclude'), '.prompts\n')
  const made: string[] = []
  const sessions: string[] = []

  for (const [n, ms] of moments.entries()) {
    await using daemon = await at.start()
    const talk = at.talk(project)
    talk.ask(`conversation number ${n} zero`)
    talk.use('Write', { file_path: join(project, 'a.txt'), content: `${n}\n` })
    await talk.hook('Stop')
    const committing = at.commit(project, 'a.txt', `${n}\n`, { CLAUDE_CODE_SESSION_ID: talk.id })
    await Bun.sleep(ms)
    await daemon.kill('SIGKILL')
    const { sha, code, stderr } = await committing
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    made.push(sha)
    sessions.push(talk.id)
  }

  await using _ = await at.start()
  const saved = await at.until('capture.saved', moments.length)
  expect(saved.map(({ data }) => commits.parse(data).commit).toSorted()).toEqual(made.toSorted())
  const told = (await at.events('commit.made')).map(({ data }) => shas.parse(data).sha)
  expect(told.toSorted()).toEqual(made.toSorted())
  const linked = await at.events('commit.linked')
  expect(linked).toHaveLength(2 * moments.length)
  expect(linked.filter(({ channel }) => channel === `repo:${project}`)).toHaveLength(moments.length)
  for (const { data } of linked) expect(data).toMatchObject({ link: 'exact' })

  const folder = join(project, '.prompts')
  const files = readdirSync(join(folder, 'prompts'))
  expect(files).toHaveLength(moments.length)
  const listed = index.parse(JSON.parse(readFileSync(join(folder, '.meta/index.json'), 'utf8')))
  expect(Object.keys(listed).toSorted()).toEqual(files.map((file) => file.replace('.yaml', '')).toSorted())
  for (const file of files) {
    const text = readFileSync(join(folder, 'prompts', file), 'utf8')
    const { version, metadata } = document.parse(load(text))
    const name = file.replace('.yaml', '')
    expect(listed[name]?.lastVersion).toBe(version)
    expect(made.indexOf(metadata.gitCommit)).toBe(sessions.indexOf(metadata.sessionId))
    const history = readdirSync(join(folder, 'history', name))
    expect(history).toHaveLength(1)
    expect(readFileSync(join(folder, 'history', name, history[0] ?? ''), 'utf8')).toBe(text)
  }
}, 120_000)
