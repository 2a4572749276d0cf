// No floor, but what floor and daemon run alike: a Claude Code that says as much of stream-json as a session needs, and
// whose messages are orders. It costs little and is a process of its own, so that what is measured is whoever reads it.
//
//   stream COUNT EVERY_MS   says so many pieces at that pace, each with its number and the moment at which it was
//                           written, then all of it
//   wait                    until it is interrupted
//   deaf                    from now on ignores SIGTERM, and that nobody says anything to it
//   leave                   ends when it has answered

import { writeSync } from 'node:fs'

const id = process.argv[process.argv.indexOf('--session-id') + 1]
if (process.argv.includes('--version')) {
  console.log('2.1.329 (Claude Code)')
  process.exit(0)
}

/** Written before anything else happens; waits when nobody reads. */
const say = (line: object): void => {
  const bytes = Buffer.from(`${JSON.stringify({ ...line, session_id: id, uuid })}\n`)
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error
    }
  }
}
const uuid = crypto.randomUUID()

const piece = (text: string): void =>
  say({
    type: 'stream_event',
    event: { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
    parent_tool_use_id: null,
  })

const stream = async (count: number, everyMs: number): Promise<void> => {
  const startedAt = performance.now()
  let said = ''
  for (let n = 0; n < count;) {
    const due = Math.min(count, Math.floor((performance.now() - startedAt) / everyMs) + 1)
    for (; n < due; n++) {
      const at = (performance.timeOrigin + performance.now()).toFixed(3)
      const text = `${at} ${n} and some words`
      said += text
      piece(text)
    }
    await Bun.sleep(Math.max(0, startedAt + n * everyMs - performance.now()))
  }
  const content = [{ type: 'text', text: said }]
  say({ type: 'assistant', message: { id: 'msg_1', role: 'assistant', content }, parent_tool_use_id: null })
}

type Line = {
  type: string
  uuid?: string
  message?: { content: { text: string }[] }
  request_id?: string
  request?: { subtype: string }
}

let interrupt = (): void => undefined

const answer = async (order: string, message: Line['message']): Promise<void> => {
  say({ type: 'system', subtype: 'init', model: 'bench-1', claude_code_version: '2.1.329' })
  const [command, count, everyMs] = message?.content[0]?.text.split(' ') ?? []
  if (command === 'stream') await stream(Number(count), Number(everyMs))
  if (command === 'wait') await new Promise<void>((resolve) => (interrupt = resolve))
  if (command === 'deaf') {
    process.on('SIGTERM', () => {})
    setInterval(() => {}, 1000)
  }
  say({
    type: 'result',
    subtype: 'success',
    is_error: false,
    result: 'done',
    num_turns: 1,
    total_cost_usd: 0.01,
    usage: { input_tokens: 10, output_tokens: 5 },
    user_message_uuids: [order],
  })
  if (command === 'leave') process.exit(0)
}

const take = ({ type, uuid: order = '', message, request_id, request }: Line): void => {
  if (request) say({ type: 'control_response', response: { subtype: 'success', request_id, response: {} } })
  if (request?.subtype === 'interrupt') interrupt()
  if (type === 'user') void answer(order, message)
}

let rest = ''
for await (const text of Bun.stdin.stream().pipeThrough(new TextDecoderStream())) {
  const lines = (rest + text).split('\n')
  rest = lines.pop() ?? ''
  for (const line of lines) if (line) take(JSON.parse(line))
}
