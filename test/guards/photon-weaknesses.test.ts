// What the daemon that these clients had before did wrong, by the rows of its list of weaknesses: ours does not.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { openConversation } from '../support/conversation.ts'
import { startDaemon, temporaryHome, type TestDaemon } from '../support/daemon.ts'
import { residentMiB } from '../support/http-text.ts'
import { offerActions } from '../support/offering.ts'
import { call } from '../support/webhooks.ts'
import { openWire } from '../support/wire.ts'

let daemon: TestDaemon

beforeAll(async () => {
  daemon = await startDaemon()
})
afterAll(() => daemon.stop())

const eventId = z.object({ eventId: z.int() })

test('row 1: a character that is cut between two reads arrives whole', async () => {
  await using talk = openConversation(daemon.socket)
  const message = '日本語 🙂'.repeat(3)
  await talk.play(`
    a > {"type":"subscribe","id":"s","channel":"utf8"}
    a < {"type":"result","id":"s","success":true,"data":{"subscribed":true,"channel":"utf8"}}`)
  const bytes = Buffer.from(`{"type":"publish","id":"p","channel":"utf8","message":"${message}"}\n`)
  const { write } = await talk.speaker('b')
  for (const byte of bytes) {
    await write(Uint8Array.of(byte))
    await talk.play('c .')
  }
  await talk.play(`
    a < {"type":"channel_message","id":"ch_*","channel":"utf8","message":"${message}"}`)
})

test('row 2: every kept message has an id of its own, and resuming from any loses none', async () => {
  await using talk = openConversation(daemon.socket)
  const { write, lines } = await talk.speaker('publisher')
  const requests = Array.from({ length: 400 }, (_, n) =>
    JSON.stringify({ type: 'publish', id: `${n}`, channel: 'burst', message: n, store: true }),
  )
  await write(`${requests.join('\n')}\n`)
  const ids = (await lines.take(400)).map((line) => eventId.parse(JSON.parse(line)).eventId)
  expect(new Set(ids).size).toBe(400)
  for (const [place, id] of ids.entries()) {
    if (place % 57 !== 0) continue
    const missed = await talk.speaker(`from${place}`)
    await missed.write(
      `${JSON.stringify({ type: 'subscribe', id: 's', channel: 'burst', lastEventId: id })}\n`,
    )
    const found = (await missed.lines.take(399 - place)).map(
      (line) => eventId.parse(JSON.parse(line)).eventId,
    )
    expect(found).toEqual(ids.slice(place + 1))
  }
})

test('row 5: kept messages and held locks are there after a crash', async () => {
  const home = temporaryHome()
  const crashing = await startDaemon({ home })
  try {
    await using before = openConversation(crashing.socket)
    const lease = { type: 'lock', id: 'l', sessionId: 's', lockName: 'w', lockTimeout: 600_000 }
    const { data } = await before.ask('a', lease)
    await before.ask('a', { type: 'publish', id: 'p', channel: 'x', message: 'kept', store: true })
    await crashing.kill('SIGKILL')
    await using again = await startDaemon({ home })
    await using after = openConversation(again.socket)
    expect(await after.ask('a', { ...lease, sessionId: 'other' })).toMatchObject({
      success: false,
      data: { holder: 's' },
    })
    expect(
      await after.ask('a', { type: 'get_events_since', id: 'g', channel: 'x', lastEventId: 0 }),
    ).toMatchObject({
      data: { events: [{ message: 'kept' }], refreshNeeded: false },
    })
    const { token } = z.object({ token: z.int() }).parse(data)
    await after.ask('a', { type: 'unlock', id: 'u', sessionId: 's', lockName: 'w' })
    const next = await after.ask('a', { ...lease, sessionId: 'other' })
    expect(z.object({ token: z.int() }).parse(next['data']).token).toBeGreaterThan(token)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
})

test('row 9: commands that prompt at once, also later on their way, each ask their own caller and all end', async () => {
  await using _ = await offerActions(daemon.socket, {
    later: async ({ prompt }) => {
      await Bun.sleep(1)
      return [await prompt('first'), await prompt('second')]
    },
  })
  await using talk = openConversation(daemon.socket)
  const callers = Array.from({ length: 20 }, (_caller, n) => `c${n}`)
  for (const name of callers) await talk.play(`${name} > {"type":"command","id":"same","method":"later"}`)
  for (const message of ['first', 'second'])
    for (const name of callers.toReversed())
      await talk.play(`
        ${name} < {"type":"prompt","id":"same","prompt":{"type":"text","message":"${message}"}}
        ${name} > {"type":"prompt_response","id":"same","promptValue":"${name} ${message}"}`)
  for (const name of callers)
    await talk.play(`
      ${name} < {"type":"result","id":"same","success":true,"data":["${name} first","${name} second"],"durationMs":"#"}`)
}, 30_000)

test('row 10: nobody answers a prompt of somebody else, whatever id is guessed', async () => {
  await using _ = await offerActions(daemon.socket, { ask: ({ prompt }) => prompt('Yours?') })
  await using talk = openConversation(daemon.socket)
  await talk.play(`
    a > {"type":"command","id":"cm","method":"ask"}
    a < {"type":"prompt","id":"cm","prompt":{"type":"text","message":"Yours?"}}`)
  for (let n = 0; n < 200; n++) {
    await talk.play(`b > {"type":"prompt_response","id":"cm","promptValue":"forged"}`)
    const refused = await talk.ask('b', {
      id: n,
      method: 'action.reply',
      params: { prompt: `prm_${n}`, value: 'forged' },
    })
    expect(refused).toMatchObject({ error: { code: 'not_found' } })
  }
  await talk.play(`
    a .
    a > {"type":"prompt_response","id":"cm","promptValue":"mine"}
    a < {"type":"result","id":"cm","success":true,"data":"mine","durationMs":"#"}`)
})

test('row 13: who stops reading is told where it fell behind; memory stays, and the others go on', async () => {
  await using quiet = await startDaemon()
  await using talk = openConversation(quiet.socket)
  await using stopped = await openWire(quiet.socket)
  stopped.send('{"type":"subscribe","id":"slow","channel":"flood"}\n')
  await stopped.until('"subscribed":true')
  stopped.socket.pause()
  await talk.play(`
    a > {"type":"subscribe","id":"s","channel":"flood"}
    a < {"type":"result","id":"s","success":true,"data":{"subscribed":true,"channel":"flood"}}`)
  const { id: _, ...first } = await talk.ask('b', {
    type: 'publish',
    id: 'p',
    channel: 'flood',
    message: 0,
    store: true,
  })
  const kept = eventId.parse(first).eventId
  const listener = await talk.speaker('a')
  expect(eventId.parse(JSON.parse(await listener.lines.next())).eventId).toBe(kept)
  const before = residentMiB(quiet)
  const message = 'x'.repeat(100_000)
  let most = 0
  for (let n = 0; n < 1500; n++) {
    await talk.ask('b', { type: 'publish', id: 'p', channel: 'flood', message })
    expect((await listener.lines.next()).length).toBeGreaterThan(100_000)
    if (n % 100 === 0) most = Math.max(most, residentMiB(quiet))
  }
  expect(most - before).toBeLessThan(64)
  stopped.socket.resume()
  const text = await stopped.until('"lagged"')
  const last = text.trimEnd().split('\n').at(-1) ?? ''
  expect(JSON.parse(last)).toEqual({ type: 'lagged', id: 'slow', channel: 'flood', lastEventId: kept })
  // its connection lives, and it may listen again from there
  stopped.send(`{"type":"subscribe","id":"again","channel":"flood","lastEventId":${kept}}\n`)
  await stopped.until('"id":"again","success":true')
}, 60_000)

test('row 14: a line without end costs nobody else anything', async () => {
  await using talk = openConversation(daemon.socket)
  await using endless = await openWire(daemon.socket)
  const before = residentMiB(daemon)
  const piece = Buffer.alloc(1024 * 1024, 'x')
  for (let sent = 0; sent < 192; sent++) {
    await endless.pour(piece)
    // answered in between, each time
    await talk.play('a .')
    const lock = await talk.ask('a', { type: 'lock', id: 'l', sessionId: 's', lockName: 'w' })
    expect(lock).toMatchObject({ success: true })
  }
  // of 192 MiB
  expect(residentMiB(daemon) - before).toBeLessThan(128)
  endless.send('\n{"type":"ping","id":"p"}\n')
  const [refusal, pong] = (await endless.until('pong')).trim().split('\n')
  expect(JSON.parse(refusal ?? '')).toMatchObject({
    type: 'error',
    id: 'unknown',
    error: expect.stringContaining('longer'),
  })
  expect(pong).toBe('{"type":"pong","id":"p"}')
}, 60_000)

test('row 15: a request that is not valid is refused with its id', async () => {
  await using talk = openConversation(daemon.socket)
  for (const frame of [
    '"type":"subscribe"',
    '"type":"lock"',
    '"type":"nope"',
    '"channel":"x"',
    '"type":"publish","channel":5',
  ])
    await talk.play(`
      a > {"id":"mine",${frame}}
      a < {"type":"error","id":"mine","error":"Invalid request format"}`)
})

test('row 16: expiry is exact, nothing is held for ever, tokens only grow, and a refusal names who holds', async () => {
  await using talk = openConversation(daemon.socket)
  const lock = (sessionId: string, lockTimeout: unknown) => ({
    type: 'lock',
    id: 'l',
    lockName: 'sweep',
    sessionId,
    lockTimeout,
  })
  const taken = z.object({ data: z.object({ expiresAt: z.int(), token: z.int() }) })
  const first = taken.parse(await talk.ask('a', lock('a', 100))).data
  expect(await talk.ask('b', lock('b', 100))).toMatchObject({ data: { acquired: false, holder: 'a' } })
  while (Date.now() <= first.expiresAt) await Bun.sleep(first.expiresAt - Date.now() + 1)
  // at once, not at the next sweep
  expect(await talk.ask('b', { type: 'unlock', id: 'u', sessionId: 'b', lockName: 'sweep' })).toMatchObject({
    success: true,
  })
  const { data: listed } = await talk.ask('b', { type: 'list_locks', id: 'l' })
  expect(JSON.stringify(listed)).not.toContain('sweep')
  expect(taken.parse(await talk.ask('b', lock('b', 100))).data.token).toBeGreaterThan(first.token)
  expect(await talk.ask('c', lock('c', '5000'))).toMatchObject({ type: 'error', id: 'l' })
})

test("row 19: the socket is its user's alone, and nobody else's is removed or taken", async () => {
  expect(statSync(daemon.socket).mode & 0o777).toBe(0o600)
  expect(statSync(daemon.home).mode & 0o777).toBe(0o700)
  const userHome = mkdtempSync(join(tmpdir(), 'ph-'))
  try {
    await using owner = await startDaemon({ args: ['--photon', 'kanban'], env: { HOME: userHome } })
    const path = join(userHome, '.photon/daemons/kanban.sock')
    const rival = await startDaemon({ args: ['--photon', 'kanban'], env: { HOME: userHome } }).catch(String)
    expect(rival).toContain(`is held by pid ${owner.pid}`)
    expect(existsSync(path)).toBe(true)
    await using talk = openConversation(path)
    await talk.play('a .')
  } finally {
    rmSync(userHome, { recursive: true, force: true })
  }
})

test('row 17: a webhook is on loopback, for POST and a proven sender alone; a redelivery runs nothing twice', async () => {
  const secret = 'paßwort'
  await call(daemon, 'action.add', { name: 'once', kind: 'publish', channel: 'once' })
  await call(daemon, 'webhook.add', { name: 'once', scheme: 'github', secret, do: 'once' })
  await call(daemon, 'webhook.add', { name: 'shown', scheme: 'header', secret, do: 'once' })
  expect(new URL(daemon.url).hostname).toBe('127.0.0.1')
  const body = '{"ref":"refs/heads/main"}'
  const signature = (by: string) => `sha256=${new Bun.CryptoHasher('sha256', by).update(body).digest('hex')}`
  const post = (name: string, headers: Record<string, string>, method = 'POST') =>
    fetch(`${daemon.url}/webhook/${name}`, { method, headers, ...(method === 'POST' && { body }) })
  const signed = { 'x-hub-signature-256': signature(secret), 'x-github-delivery': 'first' }
  for (const method of ['GET', 'PUT', 'DELETE', 'HEAD'])
    expect((await post('once', signed, method)).status).toBe(405)
  // not every action is a webhook, and no proof is no way in
  expect((await post('system.stop', signed)).status).toBe(404)
  expect((await post('once', {})).status).toBe(401)
  expect((await post('once', { ...signed, 'x-hub-signature-256': signature('paßworT') })).status).toBe(401)
  // as long as the secret in bytes, and not in characters: it hung its caller for ever
  expect((await post('shown', { 'x-webhook-secret': 'x'.repeat(Buffer.byteLength(secret)) })).status).toBe(
    401,
  )
  const utf8 = Buffer.from(secret).toString('latin1')
  const accepted = await post('shown', { 'x-webhook-secret': utf8 })
  expect(accepted.status).toBe(200)
  expect(accepted.headers.get('access-control-allow-origin')).toBeNull()
  const first = await post('once', signed)
  expect(first.status).toBe(200)
  const again = await post('once', signed)
  expect([again.status, await again.text()]).toEqual([200, await first.text()])
  const { deliveries } = z
    .object({ deliveries: z.array(z.object({ runs: z.array(z.unknown()) })) })
    .parse(await call(daemon, 'webhook.deliveries', { name: 'once' }))
  expect(deliveries.map(({ runs }) => runs.length)).toEqual([1])
  const over = await fetch(`${daemon.url}/webhook/once`, {
    method: 'POST',
    headers: signed,
    body: ' '.repeat(1_500_000),
  })
  expect(over.status).toBe(413)
})

test('row 18: who shuts it down is told so first', async () => {
  await using ending = await startDaemon()
  await using talk = openConversation(ending.socket)
  await talk.play(`
    a > {"type":"shutdown","id":"bye"}
    a < {"type":"result","id":"bye","success":true,"data":{"message":"Shutting down"}}`)
  expect(await ending.exited).toBe(0)
})
