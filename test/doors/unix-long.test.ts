// Long documents on the socket: their senders are read with rests in between, and what they sent is taken whole.

import { expect, test } from 'bun:test'
import { withDaemon } from '../support/daemon.ts'
import { openSocket } from '../support/socket.ts'

const mebibyte = 1024 * 1024

test('a long document without a newline is taken whole, though its sender leaves at once', async () => {
  await withDaemon({}, async (daemon) => {
    await using reader = await openSocket(daemon.socket)
    await reader.write('{"type":"subscribe","id":"s","channel":"long"}\n')
    await reader.lines.next()
    for (const mebibytes of [3, 15]) {
      const message = `${'"\\é'.repeat(9)}${'x'.repeat(mebibytes * mebibyte)}`
      await using writer = await openSocket(daemon.socket)
      await writer.write(JSON.stringify({ type: 'publish', id: 'p', channel: 'long', message }))
      await writer[Symbol.asyncDispose]()
      const heard = JSON.parse(await reader.lines.next())
      expect(heard.message === message).toBe(true)
    }
  })
}, 60_000)

test('requests around long documents are answered in the order they came', async () => {
  await withDaemon({}, async (daemon) => {
    await using socket = await openSocket(daemon.socket)
    const ask = (id: string, method: string, params: object) => `${JSON.stringify({ id, method, params })}\n`
    const note = (id: string, data: string) =>
      ask(id, 'event.publish', { channel: 'notes', type: 'note', data })
    const read = (id: string) => ask(id, 'event.list', { channel: 'notes', limit: 1 })
    const requests: string[] = []
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 300; n++)
        requests.push(n % 2 === 0 ? note(`${round}-${n}`, 'short') : read(`${round}-${n}`))
      requests.push(
        ask(`${round}-long`, 'event.publish', {
          channel: 'long',
          type: 'note',
          data: 'x'.repeat(2 * mebibyte),
          transient: true,
        }),
      )
    }
    const ids = requests.map((request) => JSON.parse(request).id)
    await socket.write(requests.join(''))
    for (const id of ids) expect(JSON.parse(await socket.lines.next())).toMatchObject({ id })
  })
}, 60_000)
