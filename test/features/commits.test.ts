// The commits room behind dispatch: what it takes in and what it refuses.

import { afterEach, beforeEach, expect, test } from 'bun:test'
import { createPeer } from '../../src/core/peer.ts'
import { channelPattern, isReserved } from '../../src/protocol/channel.ts'
import { type Engine, openEngine, temporaryFolder } from '../support/engine.ts'
import { refusal } from '../support/locks-room.ts'

let folder: ReturnType<typeof temporaryFolder>
let engine: Engine
const hook = createPeer('hook:git', 'write')

beforeEach(() => {
  folder = temporaryFolder()
  engine = openEngine(folder.path)
})
afterEach(() => {
  engine.close()
  folder[Symbol.dispose]()
})

const sha = 'a'.repeat(40)
const made = (place: string, more: object = {}) => ({
  sha,
  folder: place,
  commonDir: `${place}/.git`,
  at: 1_768_594_200_000,
  ...more,
})
const record = (params: object, peer = hook) => engine.dispatch(peer, 'commit.record', params)
const told = () => engine.delivered.filter(({ type }) => type === 'commit.made')

test('a commit is taken in once in each repository, with the time it was made', async () => {
  expect(await record(made('/nowhere/a', { session: 's' }))).toEqual({ recorded: true })
  expect(await record(made('/nowhere/a'))).toEqual({ recorded: false })
  expect(await record(made('/nowhere/b'))).toEqual({ recorded: true })
  expect(told().map(({ channel, data, by, occurredAt }) => ({ channel, data, by, occurredAt }))).toEqual([
    {
      channel: 'repo:/nowhere/a',
      data: { sha, folder: '/nowhere/a', session: 's' },
      by: 'hook:git',
      occurredAt: 1_768_594_200_000,
    },
    {
      channel: 'repo:/nowhere/b',
      data: { sha, folder: '/nowhere/b' },
      by: 'hook:git',
      occurredAt: 1_768_594_200_000,
    },
  ])
})

test('who makes a commit for a rule says so, and so do its links, so that no rule runs in a ring', async () => {
  const linked = new Promise<void>((resolve) =>
    engine.observers.push((events) => events.some(({ type }) => type === 'commit.linked') && resolve()),
  )
  const cause = 'rule:tell/evt_1'
  await record(made('/nowhere/a', { session: 's' }), { ...hook, cause })
  await linked
  const causes = engine.delivered
    .filter(({ type }) => type.startsWith('commit.'))
    .map(({ type, channel, data, origin }) => ({
      type,
      channel,
      cause: Object(data).cause ?? origin?.['cause'],
    }))
  expect(causes).toEqual([
    { type: 'commit.made', channel: 'repo:/nowhere/a', cause },
    { type: 'commit.linked', channel: 'repo:/nowhere/a', cause },
    { type: 'commit.linked', channel: 'session:s', cause },
  ])
}, 30_000)

test('every repository has a channel that is one, whatever its folder is called', async () => {
  for (const name of ['/with\nnewline', `/long/${'x'.repeat(1000)}`, '/\u202eturned', '/ä ö%*'])
    expect(await record(made(name))).toEqual({ recorded: true })
  for (const { channel } of told()) {
    expect(isReserved(channel)).toBe(true)
    expect(Buffer.byteLength(channel)).toBeLessThanOrEqual(512)
    if (!channel.includes('*')) expect(channelPattern.safeParse(channel).success).toBe(true)
  }
  expect(new Set(told().map(({ channel }) => channel)).size).toBe(4)
})

test('a submodule has the folder it is in, and a bare repository its own', async () => {
  const of = async (commonDir: string) => {
    await record({ ...made('/x'), commonDir })
    return told().at(-1)?.channel
  }
  expect(await of('/home/me/app/.git/modules/libs/one')).toBe('repo:/home/me/app/libs/one')
  expect(await of('/home/me/app/.git/modules/one/modules/two')).toBe('repo:/home/me/app/one/two')
  expect(await of('/srv/app.git')).toBe('repo:/srv/app.git')
  expect(await of('/home/me/modules/app/.git')).toBe('repo:/home/me/modules/app')
})

test('what is no commit, who may not write, and who lives in a namespace are refused', async () => {
  for (const wrong of [
    { sha: 'HEAD' },
    { sha: `${sha}0` },
    { sha: '--all' },
    { folder: 'relative' },
    { folder: '/with\0nul' },
    { folder: `/${'x'.repeat(5000)}` },
    { commonDir: '' },
    { at: -1 },
    { at: 'now' },
    { session: '' },
    { session: 'a\nb' },
    { copyOf: 'main' },
    { installed: 'elsewhere' },
  ])
    expect(await refusal(record({ ...made('/nowhere'), ...wrong }))).toBe('bad_request')
  expect(await refusal(record(made('/nowhere'), createPeer('http:x', 'read')))).toBe('forbidden')
  expect(await refusal(record(made('/nowhere'), createPeer('http:x', 'admin', 'photon')))).toBe('forbidden')
  expect(told()).toEqual([])
})

test('where there is no repository, nothing is found and it says so', async () => {
  const peer = createPeer('http:x', 'read')
  const find = (target: string) => engine.dispatch(peer, 'commit.find', { folder: folder.path, target })
  expect(await refusal(find('HEAD'))).toBe('not_found')
  expect(await refusal(find(''))).toBe('bad_request')
})
