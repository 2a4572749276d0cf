import { expect, test } from 'bun:test'
import type { ArchiveReply, ArchiveRequest } from '../../src/archive/calls.ts'
import { createArchiveClient } from '../../src/archive/client.ts'

const settings = { path: '/nowhere', exclude: [] }

/** A worker that does what the test says. */
const openStage = (idleMs = 60_000) => {
  const workers: { requests: ArchiveRequest[]; ended: PromiseWithResolvers<void> }[] = []
  const came = new Set<() => void>()
  let hear: (reply: ArchiveReply) => void = () => {}
  let fell: (message: string) => void = () => {}
  const client = createArchiveClient(
    () => settings,
    (onReply, onFall) => {
      hear = onReply
      fell = onFall
      const worker = { requests: [] as ArchiveRequest[], ended: Promise.withResolvers<void>() }
      workers.push(worker)
      return {
        post: (request) => {
          worker.requests.push(request)
          for (const resolve of came) resolve()
        },
        end: () => worker.ended.promise,
      }
    },
    idleMs,
  )
  return {
    client,
    workers,
    hear: (reply: ArchiveReply) => hear(reply),
    fell: (message: string) => fell(message),
    /** Resolves with the next request. */
    next: async (): Promise<ArchiveRequest> => {
      const arrived = Promise.withResolvers<void>()
      came.add(arrived.resolve)
      await arrived.promise
      came.delete(arrived.resolve)
      return workers.at(-1)?.requests.at(-1) ?? Promise.reject(new Error('nothing came'))
    },
  }
}

const verified = { sessions: 0, chunks: 0, bytes: 0, damaged: [] }

test('a call starts the worker, and answers find the calls they belong to, in any order', async () => {
  const { client, workers, hear, next } = openStage()
  const first = client.call('verify', {})
  const { id } = await next()
  const second = client.call('verify', { after: 1 })
  const { id: other } = await next()
  hear({ kind: 'archive', id: other, result: { ...verified, sessions: 2 } })
  hear({ kind: 'archive', id, result: { ...verified, sessions: 1 } })
  expect([(await first).sessions, (await second).sessions]).toEqual([1, 2])
  expect(workers).toHaveLength(1)
})

test('an error of the table comes out as it is', async () => {
  const { client, hear, next } = openStage()
  const call = client.call('session', { id: 'x' })
  const { id } = await next()
  hear({ kind: 'archive', id, error: { code: 'not_found', message: 'No session x', hint: 'Look' } })
  expect(call).rejects.toMatchObject({ code: 'not_found', message: 'No session x', hint: 'Look' })
})

test('when the worker falls over every call is refused, and the next one starts another', async () => {
  const { client, workers, fell, hear, next } = openStage()
  const lost = client.call('verify', {})
  await next()
  workers[0]?.ended.resolve()
  fell('out of memory')
  expect(lost).rejects.toMatchObject({ code: 'internal' })
  const again = client.call('verify', {})
  const { id } = await next()
  hear({ kind: 'archive', id, result: verified })
  expect(await again).toEqual(verified)
  expect(workers).toHaveLength(2)
})

test('an idle worker ends; the next starts only when it has closed its files', async () => {
  const { client, workers, hear, next } = openStage(1)
  const call = client.call('verify', {})
  const { id } = await next()
  hear({ kind: 'archive', id, result: verified })
  await call
  await Bun.sleep(20)
  const late = client.call('verify', {})
  await Bun.sleep(1)
  expect(workers).toHaveLength(1)
  const coming = next()
  workers[0]?.ended.resolve()
  const request = await coming
  expect(workers).toHaveLength(2)
  hear({ kind: 'archive', id: request.id, result: verified })
  expect(await late).toEqual(verified)
})

test('a client that was closed refuses what waits and what comes', async () => {
  const { client, workers, next } = openStage()
  const call = client.call('verify', {})
  await next()
  workers[0]?.ended.resolve()
  await client.close()
  expect(call).rejects.toMatchObject({ code: 'stopping' })
  expect(client.call('verify', {})).rejects.toMatchObject({ code: 'stopping' })
})
