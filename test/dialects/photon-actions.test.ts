// The numbered cases of the photon daemon's commands, as conversations with the running binary: commands that a
// connected program offers, and commands that were stored.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { openConversation } from '../support/conversation.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { offerActions } from '../support/offering.ts'

let daemon: TestDaemon

beforeAll(async () => {
  daemon = await startDaemon()
})
afterAll(() => daemon.stop())

test('48: a command is answered with what its method returns, what it throws, or that there is none', async () => {
  await using _ = await offerActions(daemon.socket, {
    add: ({ args }) => ({ sum: Object.values(Object(args)).reduce((a, b) => Number(a) + Number(b), 0) }),
    boom: () => {
      throw new Error('boom happened')
    },
  })
  await using talk = openConversation(daemon.socket)
  await talk.play(`
    a > {"type":"command","id":"cm2","sessionId":"cli-1","clientType":"cli","method":"add","args":{"x":1,"y":2}}
    a < {"type":"result","id":"cm2","success":true,"data":{"sum":3},"durationMs":"#"}
    a > {"type":"command","id":"cm3","method":"boom"}
    a < {"type":"error","id":"cm3","error":"boom happened","code":"action_failed","suggestion":"*"}
    a > {"type":"command","id":"cm4","sessionId":"cli-1","method":"nosuch","args":{}}
    a < {"type":"error","id":"cm4","error":"Tool not found: nosuch","code":"unknown_action","suggestion":"*"}
    a > {"type":"command","id":"cm5"}
    a < {"type":"error","id":"cm5","error":"Invalid request format"}
    a .`)
})

test('48: a stored command is one as well', async () => {
  const added = await daemon.run(['call', 'action.add', '{"name":"echo","kind":"command","command":["cat"]}'])
  expect(added.code).toBe(0)
  await using talk = openConversation(daemon.socket)
  await talk.play(`
    a > {"type":"command","id":"c","method":"echo","args":{"deep":[1,{"x":"ä"}]}}
    a < {"type":"result","id":"c","success":true,"data":{"deep":[1,{"x":"ä"}]},"durationMs":"#"}
    a > {"type":"command","id":"d","method":"echo"}
    a < {"type":"result","id":"d","success":true,"data":{},"durationMs":"#"}`)
})

test('49: a command that prompts asks its caller under its own id, and goes on with the answer', async () => {
  await using _ = await offerActions(daemon.socket, {
    greet: async ({ prompt }) => `Hello ${String(await prompt('Name?'))}, ${String(await prompt('Age?'))}`,
  })
  await using talk = openConversation(daemon.socket)
  await talk.play(`
    a > {"type":"command","id":"cm","method":"greet"}
    a < {"type":"prompt","id":"cm","prompt":{"type":"text","message":"Name?"}}
    a .
    a > {"type":"prompt_response","id":"cm","promptValue":"Ann"}
    a < {"type":"prompt","id":"cm","prompt":{"type":"text","message":"Age?"}}
    a > {"type":"prompt_response","id":"cm"}
    a < {"type":"result","id":"cm","success":true,"data":"Hello Ann, null","durationMs":"#"}`)
})

test('49: two commands that prompt at once each get their own prompt, also on one connection', async () => {
  await using _ = await offerActions(daemon.socket, {
    ask: async ({ args, prompt }) => await prompt(`Question ${String(Object(args).n)}`),
  })
  await using talk = openConversation(daemon.socket)
  await talk.play(`
    a > {"type":"command","id":"one","method":"ask","args":{"n":1}}
    a < {"type":"prompt","id":"one","prompt":{"type":"text","message":"Question 1"}}
    a > {"type":"command","id":"two","method":"ask","args":{"n":2}}
    a < {"type":"prompt","id":"two","prompt":{"type":"text","message":"Question 2"}}
    b > {"type":"command","id":"one","method":"ask","args":{"n":3}}
    b < {"type":"prompt","id":"one","prompt":{"type":"text","message":"Question 3"}}
    a > {"type":"prompt_response","id":"two","promptValue":"second"}
    a < {"type":"result","id":"two","success":true,"data":"second","durationMs":"#"}
    b > {"type":"prompt_response","id":"one","promptValue":{"any":"json"}}
    b < {"type":"result","id":"one","success":true,"data":{"any":"json"},"durationMs":"#"}
    a > {"type":"prompt_response","id":"one","promptValue":"first"}
    a < {"type":"result","id":"one","success":true,"data":"first","durationMs":"#"}`)
})

test('50: an answer to nothing is passed over, and nobody but the caller may answer', async () => {
  await using _ = await offerActions(daemon.socket, { ask: async ({ prompt }) => await prompt('Yours?') })
  await using talk = openConversation(daemon.socket)
  await talk.play(`
    a > {"type":"prompt_response","id":"unknown","promptValue":"x"}
    a .
    a > {"type":"command","id":"cm","method":"ask"}
    a < {"type":"prompt","id":"cm","prompt":{"type":"text","message":"Yours?"}}
    b > {"type":"prompt_response","id":"cm","promptValue":"mine"}
    b .
    b > {"id":1,"method":"action.reply","params":{"prompt":"prm_1","value":"mine"}}
    b < {"id":1,"error":{"code":"not_found","message":"*","hint":"*"}}
    a .
    a > {"type":"prompt_response","id":"cm","promptValue":"ours"}
    a < {"type":"result","id":"cm","success":true,"data":"ours","durationMs":"#"}`)
})

test('a command that waits holds up nothing else of its connection', async () => {
  const asked = Promise.withResolvers<void>()
  await using _ = await offerActions(daemon.socket, { wait: () => asked.promise })
  await using talk = openConversation(daemon.socket)
  await talk.play(`
    a > {"type":"command","id":"slow","method":"wait"}
    a .
    a > {"type":"subscribe","id":"s","channel":"x"}
    a < {"type":"result","id":"s","success":true,"data":{"subscribed":true,"channel":"x"}}`)
  asked.resolve()
  await talk.play(`a < {"type":"result","id":"slow","success":true,"data":null,"durationMs":"#"}`)
})

test('what a command tells on its way comes to its caller alone, under its id', async () => {
  await using _ = await offerActions(daemon.socket, {
    work: async ({ emit }) => {
      await emit({ emit: 'progress', value: 0.5 })
      return 'done'
    },
  })
  await using talk = openConversation(daemon.socket)
  await talk.play(`
    b .
    a > {"type":"command","id":"w","method":"work"}
    a < {"type":"emit","id":"w","emitData":{"emit":"progress","value":0.5}}
    a < {"type":"result","id":"w","success":true,"data":"done","durationMs":"#"}
    b .`)
})

test('a caller that leaves is asked no more: its command goes on with null', async () => {
  const answered = Promise.withResolvers<unknown>()
  await using _ = await offerActions(daemon.socket, {
    ask: async ({ prompt }) => answered.resolve(await prompt('There?')),
  })
  await using talk = openConversation(daemon.socket)
  await talk.play(`
    a > {"type":"command","id":"cm","method":"ask"}
    a < {"type":"prompt","id":"cm","prompt":{"type":"text","message":"There?"}}
    a -`)
  expect(await answered.promise).toBeNull()
})

test('methods of two namespaces never meet', async () => {
  await using _ = await offerActions(daemon.socket, { greet: () => 'hello' })
  await using talk = openConversation(daemon.socket)
  await talk.play(`
    a > {"type":"command","id":"c","method":"greet","photonName":"kanban"}
    a < {"type":"error","id":"c","error":"Tool not found: greet","code":"unknown_action","suggestion":"*"}
    a > {"type":"command","id":"d","method":"greet"}
    a < {"type":"result","id":"d","success":true,"data":"hello","durationMs":"#"}`)
})

test('who has said all and still listens hears the end of its command', async () => {
  const waiting = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  await using _ = await offerActions(daemon.socket, {
    wait: async () => {
      begun.resolve()
      await waiting.promise
      return 'at last'
    },
  })
  const socket = connect(daemon.socket)
  let heard = ''
  socket.on('data', (bytes) => (heard += bytes.toString()))
  const closed = new Promise((resolve) => socket.on('close', resolve))
  socket.end('{"type":"command","id":"half","method":"wait"}\n')
  await begun.promise
  waiting.resolve()
  await closed
  expect(JSON.parse(heard)).toMatchObject({ type: 'result', id: 'half', data: 'at last' })
})
