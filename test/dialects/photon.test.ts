// The numbered cases of the photon daemon's wire, as conversations with the running binary: framing, and channels.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { openConversation, type Conversation } from '../support/conversation.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'

let daemon: TestDaemon
let talk: Conversation
let unused = 0
/** a channel nobody used before */
let channel: string

beforeAll(async () => {
  daemon = await startDaemon()
})
afterAll(() => daemon.stop())
beforeEach(() => {
  talk = openConversation(daemon.socket)
  channel = `board:${++unused}`
})

const pings = (count: number) => Array.from({ length: count }, (_, n) => `{"type":"ping","id":"${n}"}\n`)
const pongs = (count: number) => Array.from({ length: count }, (_, n) => `{"type":"pong","id":"${n}"}`)

describe('framing', () => {
  test('1: a ping is answered', async () => {
    await using conversation = talk
    await conversation.play(`
      a > {"type":"ping","id":"p"}
      a < {"type":"pong","id":"p"}`)
  })

  test('2: line ends of both kinds, more fields, and blank lines, which are not answered', async () => {
    await using conversation = talk
    const { write, lines } = await conversation.speaker('a')
    await write(
      '\n\r\n  \n{"type":"ping","id":"0","workingDir":"/","photonName":"x"}\r\n\n{"type":"ping","id":"1"}\n',
    )
    expect(await lines.take(2)).toEqual(pongs(2))
    await conversation.play('a .')
  })

  test('3: two pings in one piece are two answers, two lines', async () => {
    await using conversation = talk
    const { write, lines } = await conversation.speaker('a')
    await write(pings(2).join(''))
    expect(await lines.take(2)).toEqual(pongs(2))
  })

  test('4: a request in three pieces, cut inside a character, is one', async () => {
    await using conversation = talk
    const { write, lines } = await conversation.speaker('a')
    const bytes = Buffer.from('{"type":"ping","id":"日本"}\n')
    const cut = bytes.indexOf('日') + 1
    for (const piece of [bytes.subarray(0, 5), bytes.subarray(5, cut), bytes.subarray(cut)]) {
      await write(piece)
      // a round trip elsewhere: the daemon has seen the piece by itself
      await conversation.play('b .')
    }
    expect(await lines.next()).toBe('{"type":"pong","id":"日本"}')
    await conversation.play('a .')
  })

  test('5: what is no JSON is an error, and the connection stays', async () => {
    await using conversation = talk
    await conversation.play(`
      a > {not json}
      a < {"type":"error","id":"unknown","error":"*"}
      a .`)
  })

  test('6: JSON that is no request', async () => {
    await using conversation = talk
    for (const line of ['null', '[]', '"s"', '5'])
      await conversation.play(`
        a > ${line}
        a < {"type":"error","id":"unknown","error":"Invalid request format"}`)
  })

  test('7: an id is a string', async () => {
    await using conversation = talk
    for (const line of ['{"type":"ping"}', '{"type":"ping","id":5}'])
      await conversation.play(`
        a > ${line}
        a < {"type":"error","id":"unknown","error":"Invalid request format"}`)
    await conversation.play(`
      a > {"type":"ping","id":""}
      a < {"type":"pong","id":""}`)
  })

  test('8: a type nobody knows is an error with its id', async () => {
    await using conversation = talk
    await conversation.play(`
      a > {"type":"get_execution_history","id":"u0","photonName":"kanban","method":"event.list"}
      a < {"type":"error","id":"u0","error":"This daemon serves no get_execution_history"}
      a > {"type":"nope","id":"u1"}
      a < {"type":"error","id":"u1","error":"Invalid request format"}`)
  })
})

describe('channels', () => {
  const subscribed = (id: string, name = channel) => `
      a > {"type":"subscribe","id":"${id}","channel":"${name}"}
      a < {"type":"result","id":"${id}","success":true,"data":{"subscribed":true,"channel":"${name}"}}`
  const published = (name = channel, message = '{"event":"moved"}') => `
      b > {"type":"publish","id":"p","channel":"${name}","message":${message}}
      b < {"type":"result","id":"p","success":true,"data":{"published":true,"channel":"${name}"}}`
  const heard = (name = channel, message = '{"event":"moved"}') => `
      a < {"type":"channel_message","id":"ch_*","channel":"${name}","message":${message}}`

  test('9: a subscription needs the name of a channel', async () => {
    await using conversation = talk
    await conversation.play(`
      a > {"type":"subscribe","id":"s1"}
      a < {"type":"error","id":"s1","error":"Invalid request format"}
      a > {"type":"subscribe","id":"s2","channel":7}
      a < {"type":"error","id":"s2","error":"Invalid request format"}
      a > {"type":"unsubscribe","id":"s3"}
      a < {"type":"error","id":"s3","error":"Invalid request format"}`)
  })

  test('10: a publish needs a channel, and no message', async () => {
    await using conversation = talk
    await conversation.play(`${subscribed('s')}
      b > {"type":"publish","id":"p1","message":1}
      b < {"type":"error","id":"p1","error":"Invalid request format"}
      b > {"type":"publish","id":"p2","channel":"${channel}"}
      b < {"type":"result","id":"p2","success":true,"data":{"published":true,"channel":"${channel}"}}
      a < {"type":"channel_message","id":"ch_*","channel":"${channel}"}`)
  })

  test('11: a subscription is answered to the letter of the document', async () => {
    await using conversation = talk
    const { write, lines } = await conversation.speaker('a')
    await write('{"type":"subscribe","id":"sub_123","channel":"board:my-board","clientType":"beam"}\n')
    expect(await lines.next()).toBe(
      '{"type":"result","id":"sub_123","success":true,"data":{"subscribed":true,"channel":"board:my-board"}}',
    )
  })

  test('12: who subscribes twice hears once', async () => {
    await using conversation = talk
    await conversation.play(`${subscribed('s1')}${subscribed('s2')}${published()}${heard()}
      a .`)
  })

  test('13: who has unsubscribed hears nothing', async () => {
    await using conversation = talk
    await conversation.play(`${subscribed('s')}
      a > {"type":"unsubscribe","id":"unsub_456","channel":"${channel}"}
      a < {"type":"result","id":"unsub_456","success":true,"data":{"unsubscribed":true,"channel":"${channel}"}}
      ${published()}
      a .`)
  })

  test('14: what was never subscribed can be unsubscribed', async () => {
    await using conversation = talk
    await conversation.play(`
      a > {"type":"unsubscribe","id":"u","channel":"never"}
      a < {"type":"result","id":"u","success":true,"data":{"unsubscribed":true,"channel":"never"}}`)
  })

  test('15: what one publishes another hears', async () => {
    await using conversation = talk
    await conversation.play(`${subscribed('s')}${published()}${heard()}
      a .`)
  })

  test('16: who publishes does not hear it', async () => {
    await using conversation = talk
    await conversation.play(`${subscribed('s')}
      a > {"type":"publish","id":"p","channel":"${channel}","message":1}
      a < {"type":"result","id":"p","success":true,"data":{"published":true,"channel":"${channel}"}}
      a .`)
  })

  test('17: nobody need be there to hear', async () => {
    await using conversation = talk
    await conversation.play(published())
  })

  test('18: ten subscribers each hear a thousand messages once, in their order', async () => {
    await using conversation = talk
    const names = Array.from({ length: 10 }, (_, n) => `listener${n}`)
    for (const name of names) await conversation.play(subscribed('s').replaceAll(/^\s*a/gm, name))
    const publisher = await conversation.speaker('publisher')
    const messages = Array.from({ length: 1000 }, (_, n) => n)
    const requests = messages.map((message) =>
      JSON.stringify({ type: 'publish', id: `${message}`, channel, message }),
    )
    await publisher.write(`${requests.join('\n')}\n`)
    const answers = await publisher.lines.take(1000)
    expect(answers.map((line) => JSON.parse(line).id)).toEqual(messages.map(String))
    for (const name of names) {
      const { lines } = await conversation.speaker(name)
      expect((await lines.take(1000)).map((line) => JSON.parse(line).message)).toEqual(messages)
      await conversation.play(`${name} .`)
    }
  })

  test('19: a subscriber that is gone harms nobody', async () => {
    await using conversation = talk
    const subscriptions = async () => {
      const { data } = await conversation.ask('b', { type: 'status', id: 's' })
      return z.object({ subscriptions: z.number() }).parse(data).subscriptions
    }
    const before = await subscriptions()
    await conversation.play(subscribed('s'))
    expect(await subscriptions()).toBe(before + 1)
    await conversation.play(`
      a -${published()}`)
    while ((await subscriptions()) > before) await conversation.play('b .')
    await conversation.play(`${subscribed('s')}${published()}${heard()}`)
  })

  test('20: a message is any JSON there is', async () => {
    await using conversation = talk
    await conversation.play(subscribed('s'))
    const messages = [
      '{"a":{"b":[1,"ü😀"]}}',
      '[]',
      '"text"',
      '0',
      '-1.5',
      'false',
      'null',
      `"${'x'.repeat(1_000_000)}"`,
    ]
    for (const message of messages)
      await conversation.play(published(channel, message) + heard(channel, message))
  })

  test('21: other channels are others', async () => {
    await using conversation = talk
    const others = [`${channel}0`, `${channel}:x`, 'board', channel.slice(0, -1)]
    await conversation.play(`${subscribed('s')}${others.map((name) => published(name)).join('')}
      a .`)
  })

  test('22: prefix:* hears every channel of the prefix', async () => {
    await using conversation = talk
    await conversation.play(
      subscribed('s', `${channel}:*`) +
        [`${channel}:photon`, `${channel}:a:b`].map((name) => published(name) + heard(name)).join('') +
        published('other:x') +
        '\n      a .',
    )
  })

  test('23: a name and a prefix that both match are one message', async () => {
    await using conversation = talk
    const name = `${channel}:a`
    await conversation.play(
      `${subscribed('s1', name)}${subscribed('s2', `${channel}:*`)}${subscribed('s3', `${channel}*`)}` +
        `${published(name)}${heard(name)}
      b > {"type":"publish","id":"p","channel":"${name}","message":1,"store":true}
      b < {"type":"result","id":"p","success":true,"data":{"published":true,"channel":"${name}"},"eventId":"#"}
      a < {"type":"channel_message","id":"ch_*","channel":"${name}","message":1,"eventId":"#"}
      a .`,
    )
  })
})
