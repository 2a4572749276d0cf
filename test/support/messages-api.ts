// A stand-in of the Anthropic Messages API on loopback, enough for the real Claude Code: streamed and plain answers,
// text, tool calls one by one and side by side, errors, answers that hang. What it answers is scripted by replies
// put into its queue, else by directives in the prompt (prompt-script.ts). It keeps every request it saw.

import { messagesRequest, scriptOf, type MessagesRequest, type ToolUse } from './prompt-script.ts'

export type Reply = {
  readonly text?: string
  readonly tools?: readonly ToolUse[]
  /** answer with this error instead */
  readonly status?: number
  readonly slowMs?: number
  readonly hang?: boolean
}

/** `atMs` is `performance.now()` when the request had arrived whole. */
export type Seen = {
  readonly atMs: number
  readonly sessionId: string | null
  readonly body: MessagesRequest
}

const errorTypes: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
}

const failure = (status: number): Response =>
  Response.json(
    {
      type: 'error',
      error: { type: errorTypes[status] ?? 'api_error', message: 'The stand-in was told to fail' },
    },
    { status },
  )

/** Listens on a free loopback port until it is disposed. */
export const openMessagesApi = () => {
  const requests: Seen[] = []
  const queue: Reply[] = []
  const failures = new Map<string, number>()
  const ids = { message: 0, tool: 0 }

  const replyTo = (body: MessagesRequest): Reply => {
    const queued = queue.shift()
    if (queued) return queued
    const { script, turnsDone } = scriptOf(body.messages)
    const failed = failures.get(script.prompt) ?? 0
    if (script.fail && failed < script.fail.times) {
      failures.set(script.prompt, failed + 1)
      return { status: script.fail.status }
    }
    const tools = script.turns[turnsDone]
    return tools ? { tools } : { text: script.text, slowMs: script.slowMs, hang: script.hang }
  }

  const answer = (body: MessagesRequest, reply: Reply): Response => {
    if (reply.status) return failure(reply.status)
    const tools = reply.tools ?? []
    const content = [
      ...(reply.text === undefined ? [] : [{ type: 'text' as const, text: reply.text }]),
      ...tools.map((tool) => ({ type: 'tool_use' as const, id: `toolu_${++ids.tool}`, ...tool })),
    ]
    const message = {
      id: `msg_${++ids.message}`,
      type: 'message',
      role: 'assistant',
      model: body.model,
      content,
      stop_reason: tools.length > 0 ? 'tool_use' : 'end_turn',
      stop_sequence: null,
      usage: {
        input_tokens: 100,
        output_tokens: 12,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
      },
    }
    if (!body.stream) return Response.json(message)
    return new Response(
      async function* () {
        for await (const event of streamed(message, reply)) {
          yield `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
        }
      },
      { headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' } },
    )
  }

  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 255,
    async fetch(request) {
      const { pathname } = new URL(request.url)
      if (request.method === 'HEAD') return new Response()
      if (request.method !== 'POST' || pathname !== '/v1/messages') return failure(404)
      const body = messagesRequest.safeParse(await request.json())
      if (!body.success) return failure(400)
      const sessionId = request.headers.get('x-claude-code-session-id')
      requests.push({ atMs: performance.now(), sessionId, body: body.data })
      return answer(body.data, replyTo(body.data))
    },
  })

  return {
    url: server.url.origin,
    requests,
    /** Replies to give before any directive is read, in order. */
    queue: (...replies: Reply[]) => void queue.push(...replies),
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
export type MessagesApi = ReturnType<typeof openMessagesApi>

type Block = { type: 'text'; text: string } | ({ type: 'tool_use'; id: string } & ToolUse)
type Message = { content: readonly Block[]; stop_reason: string; usage: { output_tokens: number } }

/** The events of one streamed answer, as the API documents them: its guide "Streaming messages". */
async function* streamed(message: Message, reply: Reply): AsyncGenerator<{ type: string }> {
  const { output_tokens } = message.usage
  yield at('message_start', { message: { ...message, content: [], stop_reason: null } })
  yield at('ping', {})
  if (reply.hang) await new Promise(() => {})
  for (const [index, block] of message.content.entries()) {
    if (block.type === 'text') {
      yield at('content_block_start', { index, content_block: { type: 'text', text: '' } })
      for (const text of block.text.match(/[\s\S]{1,40}/g) ?? []) {
        if (reply.slowMs) await Bun.sleep(reply.slowMs)
        yield at('content_block_delta', { index, delta: { type: 'text_delta', text } })
      }
    } else {
      yield at('content_block_start', { index, content_block: { ...block, input: {} } })
      const partial_json = JSON.stringify(block.input)
      yield at('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json } })
    }
    yield at('content_block_stop', { index })
  }
  const delta = { stop_reason: message.stop_reason, stop_sequence: null }
  yield at('message_delta', { delta, usage: { output_tokens } })
  yield at('message_stop', {})
}

const at = <Fields extends object>(type: string, fields: Fields) => ({ type, ...fields })
