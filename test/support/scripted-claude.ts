// A `claude` of our own: speaks stream-json as Claude Code does, as much as a session needs, and does what its prompts
// say, line by line. Written to `PATH` by sessions.ts beside it, run by the Bun that runs the tests.
//
//   say TEXT         answers with it            chunks N         says N pieces, each told by its number
//   tool NAME JSON   calls it, after asking     free NAME JSON   the same, without asking
//   elicit NAME JSON has the MCP server ask for what fits the schema, and says the answer
//   wait             until it is interrupted    crash CODE       ends in the middle
//   complain TEXT    writes it to its stderr
//   line JSON        writes a line as it is     long N           answers with N characters
//   deaf             from now on ignores SIGTERM
//   /clear           begins another conversation, under another id, which costs from nothing
//   child            starts a process in its group that ignores SIGTERM
//   apart            the same in a session of its own, as Claude Code runs its tools
//   away             sends a process away that is to live on; its pid is in the file `away`
// A prompt without a command is answered with `heard: ` and all of the notes and the prompt.

import { appendFileSync, existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const args = process.argv.slice(2)
if (args.includes('--version')) {
  console.log('2.1.329 (Claude Code)')
  process.exit(0)
}
const after = (flag: string): string | undefined => args[args.indexOf(flag) + 1 || args.length]
const resumed = after('--resume')
let id = resumed ?? after('--session-id') ?? ''
const folder = join(homedir(), '.claude', 'projects', 'scripted')
const transcript = (): string => join(folder, `${id}.jsonl`)
if (resumed !== undefined && !existsSync(transcript())) {
  console.error(`No conversation found with session ID: ${id}`)
  process.exit(1)
}
if (process.env['SCRIPTED_CLAUDE'] === 'mute') setInterval(() => {}, 1000)

const write = (line: object): void => {
  process.stdout.write(`${JSON.stringify({ ...line, session_id: id })}\n`)
}
const keep = (text: string): void => {
  mkdirSync(folder, { recursive: true })
  appendFileSync(transcript(), `${JSON.stringify({ type: 'user', sessionId: id, text })}\n`)
}

type Prompt = { uuid: string; text: string }
const prompts: Prompt[] = []
const notes: string[] = []
const answers = new Map<string, (response: Record<string, unknown>) => void>()
let interrupted = Promise.withResolvers<void>()
let busy = false
let cost = 0
let asked = 0
let hooksBefore: { matcher?: string; hookCallbackIds: string[] }[] = []

const assistant = (...content: object[]): void =>
  write({
    type: 'assistant',
    message: { id: `msg_${asked}`, role: 'assistant', content },
    parent_tool_use_id: null,
  })
const delta = (text: string): void =>
  write({
    type: 'stream_event',
    event: { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
    parent_tool_use_id: null,
  })
const sayText = (text: string): void => {
  for (const piece of text.match(/[\s\S]{1,20}/g) ?? []) delta(piece)
  assistant({ type: 'text', text })
}

/** Why a hook of its host refuses a tool. */
const guarded = async (name: string, input: unknown): Promise<unknown> => {
  for (const { matcher = '', hookCallbackIds } of hooksBefore)
    if (new RegExp(`^(?:${matcher})$`).test(name)) {
      const request_id = crypto.randomUUID()
      const given = Promise.withResolvers<Record<string, unknown>>()
      answers.set(request_id, given.resolve)
      const hook = { session_id: id, hook_event_name: 'PreToolUse', cwd: process.cwd() }
      const request = {
        subtype: 'hook_callback',
        callback_id: hookCallbackIds[0],
        input: { ...hook, tool_name: name, tool_input: input },
      }
      write({ type: 'control_request', request_id, request })
      const answer = await Promise.race([given.promise, interrupted.promise])
      if (!answer) return 'interrupted'
      const said = answer['hookSpecificOutput']
      if (said) return Object(said).permissionDecisionReason
    }
  return undefined
}

const tool = async (name: string, input: unknown, free: boolean): Promise<void> => {
  const use = `toolu_${++asked}`
  assistant({ type: 'tool_use', id: use, name, input })
  let said: Record<string, unknown> = { behavior: 'allow', updatedInput: input }
  const refused = await guarded(name, input)
  if (refused !== undefined) said = { behavior: 'deny', message: refused }
  else if (!free) {
    const request_id = crypto.randomUUID()
    const rule = {
      type: 'addRules',
      rules: [{ toolName: name }],
      behavior: 'allow',
      destination: 'localSettings',
    }
    const request = {
      subtype: 'can_use_tool',
      tool_name: name,
      input,
      tool_use_id: use,
      permission_suggestions: [rule],
    }
    const given = Promise.withResolvers<Record<string, unknown>>()
    answers.set(request_id, given.resolve)
    write({ type: 'control_request', request_id, request })
    const outcome = await Promise.race([given.promise, interrupted.promise])
    if (!outcome) return write({ type: 'control_cancel_request', request_id })
    said = outcome
  }
  const ok = said['behavior'] === 'allow'
  const content = ok
    ? `did ${JSON.stringify(said['updatedInput'])} ${said['updatedPermissions'] ? 'always' : 'once'}`
    : said['message']
  const result = { type: 'tool_result', tool_use_id: use, content, is_error: !ok }
  write({ type: 'user', message: { role: 'user', content: [result] }, parent_tool_use_id: null })
}

const elicit = async (server: string, schema: unknown): Promise<void> => {
  const request_id = crypto.randomUUID()
  const given = Promise.withResolvers<Record<string, unknown>>()
  answers.set(request_id, given.resolve)
  const request = {
    subtype: 'elicitation',
    mcp_server_name: server,
    message: 'Which one?',
    mode: 'form',
    requested_schema: schema,
  }
  write({ type: 'control_request', request_id, request })
  sayText(JSON.stringify(await given.promise))
}

const act = async (command: string, rest: string): Promise<void> => {
  if (command === 'say') sayText(rest)
  else if (command === 'long') assistant({ type: 'text', text: 'x'.repeat(Number(rest)) })
  else if (command === 'chunks') {
    for (let n = 0; n < Number(rest); n++) {
      delta(`${n} `)
      if (n % 20 === 19) await Bun.sleep(1)
    }
    assistant({ type: 'text', text: Array.from({ length: Number(rest) }, (_, n) => `${n} `).join('') })
  } else if (command === 'tool' || command === 'free') {
    const [name = '', ...input] = rest.split(' ')
    await tool(name, JSON.parse(input.join(' ') || '{}'), command === 'free')
  } else if (command === 'elicit') {
    const [server = '', ...schema] = rest.split(' ')
    await elicit(server, JSON.parse(schema.join(' ') || '{}'))
  } else if (command === 'wait') await interrupted.promise
  else if (command === 'crash') {
    console.error('it broke')
    process.exit(Number(rest))
  } else if (command === 'line') process.stdout.write(`${rest}\n`)
  else if (command === 'complain') console.error(rest)
  else if (command === 'deaf') process.on('SIGTERM', () => {})
  else if (command === '/clear') {
    id = crypto.randomUUID()
    cost = -0.01
    write({ type: 'system', subtype: 'init', model: 'scripted-1' })
  } else if (command === 'away') {
    await Bun.spawn(['sh', '-c', 'setsid sleep 600 >/dev/null 2>&1 & echo $! > away.new; mv away.new away'])
      .exited
  } else if (command === 'child' || command === 'apart')
    Bun.spawn(['sh', '-c', 'trap "" TERM; while :; do sleep 1; done'], {
      stdio: ['ignore', 'ignore', 'ignore'],
      detached: command === 'apart',
    })
}

const commands =
  /^(say|long|chunks|tool|free|elicit|wait|crash|complain|line|deaf|child|apart|away|\/clear)(?: (.*))?$/

const answer = async ({ uuid, text }: Prompt): Promise<void> => {
  // what interrupts it before it has begun is passed over, as by Claude Code
  if (process.env['SCRIPTED_CLAUDE'] === 'late') await Bun.sleep(100)
  interrupted = Promise.withResolvers()
  let stopped = false
  void interrupted.promise.then(() => (stopped = true))
  write({ type: 'command_lifecycle', command_uuid: uuid, state: 'started' })
  write({ type: 'system', subtype: 'init', model: 'scripted-1', claude_code_version: '2.1.329' })
  keep(text)
  const lines = text.split('\n')
  const known = lines.map((line) => commands.exec(line))
  let result = lines.join('\n')
  if (known.every((each) => !each)) {
    result = `heard: ${[...notes.splice(0), text].join(' + ')}`
    sayText(result)
  }
  for (const each of known) if (each && !stopped) await act(each[1] ?? '', each[2] ?? '')
  cost += 0.01
  write({
    type: 'result',
    ...(stopped
      ? { subtype: 'error_during_execution', is_error: true }
      : { subtype: 'success', is_error: false, result }),
    num_turns: 1,
    total_cost_usd: Number(cost.toFixed(4)),
    usage: { input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 2, cache_creation_input_tokens: 1 },
    user_message_uuids: [uuid],
  })
  write({ type: 'command_lifecycle', command_uuid: uuid, state: 'completed' })
}

const next = async (): Promise<void> => {
  if (busy) return
  busy = true
  for (let prompt = prompts.shift(); prompt; prompt = prompts.shift()) await answer(prompt)
  busy = false
}

const success = (request_id: unknown, response: object = {}): void =>
  write({ type: 'control_response', response: { subtype: 'success', request_id, response } })

type Line = {
  type: string
  uuid?: string
  shouldQuery?: boolean
  message?: { content: { text: string }[] }
  request_id?: string
  request?: { subtype: string; hooks?: { PreToolUse?: typeof hooksBefore } }
  response?: { request_id: string; response: Record<string, unknown> }
}

const takeMessage = ({ uuid = '', message, shouldQuery }: Line): void => {
  const text = (message?.content ?? []).map((block) => block.text).join('\n')
  if (shouldQuery === false && text === '/cost') {
    // a note that is a command is answered, and is a note none the less
    const result = `It cost ${cost}`
    const command = { type: 'command_lifecycle', command_uuid: uuid }
    write({ ...command, state: 'started' })
    assistant({ type: 'text', text: result })
    const empty = { subtype: 'success', is_error: false, num_turns: 0, total_cost_usd: cost }
    write({ type: 'result', ...empty, result, user_message_uuids: [uuid] })
    write({ ...command, state: 'completed' })
  } else if (shouldQuery === false) {
    notes.push(text)
    const empty = { subtype: 'success', is_error: false, result: '', num_turns: 0, total_cost_usd: cost }
    write({ type: 'result', ...empty, user_message_uuids: [uuid] })
  } else {
    prompts.push({ uuid, text })
    void next()
  }
}

const take = (line: Line): void => {
  const { type, request, request_id, response } = line
  if (type === 'user') takeMessage(line)
  else if (response) answers.get(response.request_id)?.(response.response)
  else if (request?.subtype === 'initialize') {
    hooksBefore = request.hooks?.PreToolUse ?? []
    if (process.env['SCRIPTED_CLAUDE'] !== 'mute') success(request_id, { pid: process.pid })
  } else if (request?.subtype === 'interrupt') {
    success(request_id, { still_queued: [] })
    interrupted.resolve()
  }
}

let rest = ''
const decoder = new TextDecoder()
for await (const chunk of Bun.stdin.stream()) {
  const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
  rest = lines.pop() ?? ''
  for (const line of lines) if (line) take(JSON.parse(line))
}
