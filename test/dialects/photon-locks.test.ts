// The numbered cases of the photon daemon's locks, as conversations with the running binary.

import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { z } from 'zod'
import { openConversation, type Conversation } from '../support/conversation.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'

let daemon: TestDaemon
let talk: Conversation
let unused = 0
/** a lock nobody used before */
let name: string

beforeAll(async () => {
  daemon = await startDaemon()
})
afterAll(() => daemon.stop())
beforeEach(() => {
  talk = openConversation(daemon.socket)
  name = `board:${++unused}:write`
})

const acquired = z.strictObject({
  type: z.literal('result'),
  id: z.string(),
  success: z.literal(true),
  data: z.strictObject({
    acquired: z.literal(true),
    lockName: z.string(),
    holder: z.string(),
    expiresAt: z.int(),
    token: z.int(),
  }),
})
const listed = z.strictObject({
  name: z.string(),
  holder: z.string(),
  acquiredAt: z.int(),
  expiresAt: z.int(),
})
const list = z.object({ success: z.literal(true), data: z.strictObject({ locks: z.array(listed) }) })

/** Takes the lock for a session. */
const lock = async (sessionId: string | undefined, more: object = {}, id = 'lock_123') => {
  const asked = Date.now()
  const answer = await talk.ask('a', { type: 'lock', id, sessionId, lockName: name, ...more })
  return { ...acquired.parse(answer).data, asked, answered: Date.now() }
}

const held = async () => {
  const { data } = list.parse(await talk.ask('a', { type: 'list_locks', id: 'list_789' }))
  return data.locks.filter((each) => each.name === name)
}

const expectLease = ({ expiresAt, asked, answered }: Awaited<ReturnType<typeof lock>>, leaseMs: number) => {
  expect(expiresAt).toBeGreaterThanOrEqual(asked + leaseMs)
  expect(expiresAt).toBeLessThanOrEqual(answered + leaseMs)
}

test('24: a free lock is acquired for as long as was asked', async () => {
  await using _ = talk
  const taken = await lock('cli-1234-abc', { lockTimeout: 60_000 })
  expect(taken).toMatchObject({ holder: 'cli-1234-abc', lockName: name })
  expectLease(taken, 60_000)
})

test('25: a lock lasts 30 seconds when nothing is said', async () => {
  await using _ = talk
  expectLease(await lock('a'), 30_000)
})

test('26: a lock that another holds is refused with its holder', async () => {
  await using conversation = talk
  await lock('mcp-5678-xyz')
  await conversation.play(`
    b > {"type":"lock","id":"l","sessionId":"other","lockName":"${name}"}
    b < {"type":"result","id":"l","success":false,"data":{"acquired":false,"lockName":"${name}",
        "holder":"mcp-5678-xyz","expiresAt":"#","reason":"Lock held by another client"}}`)
})

test('27: its holder acquires it again: the lease begins anew, the token stays', async () => {
  await using _ = talk
  const first = await lock('a', { lockTimeout: 40_000 })
  const before = await held()
  const second = await lock('a', { lockTimeout: 50_000 })
  const after = await held()
  expect(second.token).toBe(first.token)
  expect(after).toEqual(before.map((each) => ({ ...each, expiresAt: second.expiresAt })))
  expectLease(second, 50_000)
})

test('28: its holder releases it', async () => {
  await using conversation = talk
  await lock('cli-1234-abc')
  await conversation.play(`
    b > {"type":"unlock","id":"unlock_456","sessionId":"cli-1234-abc","lockName":"${name}"}
    b < {"type":"result","id":"unlock_456","success":true,"data":{"released":true,"lockName":"${name}"}}`)
  expect(await held()).toEqual([])
})

test('29: another may not release it', async () => {
  await using conversation = talk
  await lock('a')
  await conversation.play(`
    b > {"type":"unlock","id":"u","sessionId":"b","lockName":"${name}"}
    b < {"type":"result","id":"u","success":false,
        "data":{"released":false,"lockName":"${name}","reason":"Not lock holder"}}`)
  expect(await held()).toHaveLength(1)
})

test('30: a free lock can be released', async () => {
  await using conversation = talk
  await conversation.play(`
    a > {"type":"unlock","id":"u","sessionId":"a","lockName":"${name}"}
    a < {"type":"result","id":"u","success":true,"data":{"released":true,"lockName":"${name}"}}`)
})

test('31: an expired lock is held by nobody, at once', async () => {
  await using _ = talk
  const { expiresAt, token } = await lock('a', { lockTimeout: 200 })
  while (Date.now() <= expiresAt) await Bun.sleep(expiresAt - Date.now() + 1)
  expect(await held()).toEqual([])
  expect((await lock('b')).token).toBeGreaterThan(token)
})

test('32: locks are listed with four fields', async () => {
  await using conversation = talk
  await using other = await startDaemon()
  await using empty = openConversation(other.socket)
  await empty.play(`
    a > {"type":"list_locks","id":"l"}
    a < {"type":"result","id":"l","success":true,"data":{"locks":[]}}`)
  const { expiresAt } = await lock('a')
  const [found] = await held()
  expect(found).toEqual({ name, holder: 'a', acquiredAt: expect.any(Number), expiresAt })
  await conversation.play('a .')
})

test('33: without a session the request itself holds it', async () => {
  await using conversation = talk
  expect(await lock(undefined, {}, 'request-1')).toMatchObject({ holder: 'request-1' })
  await conversation.play(`
    b > {"type":"unlock","id":"request-1","lockName":"${name}"}
    b < {"type":"result","id":"request-1","success":true,"data":{"released":true,"lockName":"${name}"}}`)
})

test('34: a lease of 0 is the usual one; one that is no lease is an error, and nothing is held', async () => {
  await using conversation = talk
  for (const lockTimeout of ['-1', '"5000"', 'null', '1e999', '2592000001', '{}', 'true'])
    await conversation.play(`
      a > {"type":"lock","id":"l","sessionId":"a","lockName":"${name}","lockTimeout":${lockTimeout}}
      a < {"type":"error","id":"l","error":"lockTimeout must be *","code":"bad_request","suggestion":"*"}`)
  for (const lockName of ['', 'x'.repeat(513)])
    expect(await conversation.ask('a', { type: 'lock', id: 'l', sessionId: 'a', lockName })).toMatchObject({
      type: 'error',
      id: 'l',
      code: 'bad_request',
    })
  await conversation.play(`
    a > {"type":"lock","id":"l","sessionId":"a"}
    a < {"type":"error","id":"l","error":"Invalid request format"}
    a > {"type":"lock","id":"l","lockName":7}
    a < {"type":"error","id":"l","error":"Invalid request format"}`)
  expect(await held()).toEqual([])
  expectLease(await lock('a', { lockTimeout: 0 }), 30_000)
})

test('35: a lock outlives the connection of its holder', async () => {
  await using conversation = talk
  await conversation.play(`
    b > {"type":"lock","id":"l","sessionId":"gone","lockName":"${name}"}
    b < {"type":"result","id":"l","success":true,
        "data":{"acquired":true,"lockName":"${name}","holder":"gone","expiresAt":"#","token":"#"}}
    b -`)
  expect(await held()).toMatchObject([{ name, holder: 'gone' }])
})

test('a lock is asked about, given by name, handed over and released in the name of its holder', async () => {
  await using conversation = talk
  const lockName = name
  await conversation.play(`
    a > {"type":"query_lock","id":"q","lockName":"${lockName}"}
    a < {"type":"result","id":"q","success":true,"data":{"lockName":"${lockName}","holder":null}}
    a > {"type":"assign_lock","id":"g","lockName":"${lockName}","lockHolder":"planner"}
    a < {"type":"result","id":"g","success":true,
        "data":{"acquired":true,"lockName":"${lockName}","holder":"planner","expiresAt":"#","token":"#"}}
    a > {"type":"assign_lock","id":"g","lockName":"${lockName}","lockHolder":"other"}
    a < {"type":"result","id":"g","success":false,"data":{"acquired":false,"lockName":"${lockName}",
        "holder":"planner","reason":"Lock held by another caller","currentHolder":"planner"}}
    a > {"type":"transfer_lock","id":"t","lockName":"${lockName}","lockHolder":"other","lockTransferTo":"x"}
    a < {"type":"result","id":"t","success":false,"data":{"transferred":false,"lockName":"${lockName}",
        "reason":"Not the current holder","currentHolder":"planner"}}
    a > {"type":"transfer_lock","id":"t","lockName":"${lockName}","lockHolder":"planner","lockTransferTo":"builder"}
    a < {"type":"result","id":"t","success":true,
        "data":{"transferred":true,"lockName":"${lockName}","from":"planner","to":"builder","token":"#"}}
    a > {"type":"query_lock","id":"q","lockName":"${lockName}"}
    a < {"type":"result","id":"q","success":true,
        "data":{"lockName":"${lockName}","holder":"builder","acquiredAt":"#","expiresAt":"#"}}
    b > {"type":"unlock","id":"u","sessionId":"b","lockHolder":"builder","lockName":"${lockName}"}
    b < {"type":"result","id":"u","success":true,"data":{"released":true,"lockName":"${lockName}"}}`)
})

test('a list of locks that is too long for one answer is read page by page', async () => {
  await using conversation = talk
  const names = Array.from({ length: 200 }, (_, n) =>
    `${name}:${String(n).padStart(3, '0')}`.padEnd(500, '.'),
  )
  for (const each of names)
    acquired.parse(await conversation.ask('a', { type: 'lock', id: 'l', lockName: each }))
  const page = z.object({
    data: z.object({
      locks: z.array(listed),
      more: z.literal(true).optional(),
      after: z.string().optional(),
    }),
  })
  const found: string[] = []
  let after: string | undefined
  do {
    const { data } = page.parse(await conversation.ask('a', { type: 'list_locks', id: 'l', after }))
    expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThan(64 * 1024)
    found.push(...data.locks.map((each) => each.name))
    after = data.after
  } while (after !== undefined)
  expect(found.filter((each) => each.startsWith(`${name}:`))).toEqual(names)
  expect(new Set(found).size).toBe(found.length)
})
