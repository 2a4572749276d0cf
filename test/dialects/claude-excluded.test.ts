// What hooks tell of files that are excluded, at `POST /hooks/claude`: their contents are taken out before anything is
// kept, in the cases in which the archive of transcripts does the same.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { event as eventSchema, type Event } from '../../src/protocol/event.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { createHttp, type Http } from '../support/http.ts'

let daemon: TestDaemon
let http: Http

beforeAll(async () => {
  daemon = await startDaemon()
  http = createHttp('http://paid', { unix: daemon.httpSocket })
})
afterAll(() => daemon.stop())

const answered = z.object({ ok: z.literal(true), result: z.object({ events: z.array(eventSchema) }) })

/** Posts a hook of a session of its own and gives the event that came of it. */
let sessions = 0
const heard = async (fields: Record<string, unknown>): Promise<Event> => {
  const session_id = `excluded-${++sessions}`
  expect((await http.post('/hooks/claude', { session_id, ...fields })).text).toBe('{}')
  const listed = (await http.post('/call/event.list', { session: session_id })).json()
  const [event] = answered.parse(listed).result.events
  if (!event) throw new Error('The hook left no event')
  return event
}

describe('of a file that is excluded', () => {
  const text = 'TOKEN=do-not-keep-me'
  const withheld = '[withheld: the file is excluded]'

  test.each([
    ['Write', { file_path: '/p/.env', content: text }, { type: 'create', content: text }],
    ['Edit', { file_path: '/p/prod.ENV', old_string: 'a', new_string: text }, { originalFile: text }],
    ['Read', { file_path: '/p/my-secret.txt' }, { file: { content: text } }],
    ['NotebookEdit', { notebook_path: '/p/api_key.ipynb', new_source: text }, text],
  ])('what %s was given and gave is not kept, but its path', async (tool_name, tool_input, tool_response) => {
    const { data } = await heard({
      hook_event_name: 'PostToolUse',
      tool_name,
      tool_input,
      tool_response,
    })
    expect(JSON.stringify(data)).not.toContain('do-not-keep-me')
    const path = 'file_path' in tool_input ? tool_input.file_path : tool_input.notebook_path
    expect(JSON.stringify(data)).toContain(path ?? 'none')
    expect(data).toMatchObject({ tool_name, tool_response: withheld })
  })

  test.each([
    ['printed it', { command: 'cd x && cat ./.env', description: 'Look' }, { stdout: text, stderr: '' }],
    ['wrote it', { command: `cat > .env <<END\n${text}\nEND` }, { stdout: '', stderr: '' }],
    ['wrote it and printed it', { command: `echo ${text} | tee -a prod.env` }, { stdout: text, stderr: '' }],
    ['changed it where it stands', { command: `sed -i 's/^/${text}/' a.ts prod.env` }, {}],
    ['put it into a copy', { command: `cp .env.example '/p/my secrets'` }, { stdout: text }],
  ])('nothing of a command that %s is kept', async (_, tool_input, tool_response) => {
    const sent = { hook_event_name: 'PostToolUse', tool_name: 'Bash', tool_input, tool_response }
    const { data } = await heard(sent)
    expect(JSON.stringify(data)).not.toContain('do-not-keep-me')
    const kept = tool_input.command.includes(text) ? withheld : tool_input.command
    expect(data).toMatchObject({
      tool_name: 'Bash',
      tool_input: { ...tool_input, command: kept },
      tool_response: withheld,
    })
  })

  test('a command asks to be allowed without telling what it would write', async () => {
    const command = `echo ${text} > .env`
    const { data } = await heard({
      hook_event_name: 'PermissionRequest',
      tool_name: 'Bash',
      tool_input: { command },
      permission_suggestions: [{ type: 'addRules', rules: [{ toolName: 'Bash', ruleContent: command }] }],
    })
    expect(data).toMatchObject({ tool_input: { command: withheld }, permission_suggestions: [] })
  })

  test('several edits, and why they failed, are not kept', async () => {
    const { data } = await heard({
      hook_event_name: 'PostToolUseFailure',
      tool_name: 'MultiEdit',
      tool_input: { file_path: '/p/.env', edits: [{ old_string: 'x', new_string: text }] },
      error: `String to replace not found: ${text}`,
    })
    expect(data).toMatchObject({ tool_input: { file_path: '/p/.env', edits: [withheld] }, error: withheld })
  })

  const found = `src/a.ts:3:const TOKEN\n.env:1:${text}\nconfig/prod.env-2-${text}\nmy-1-notes/.env:3:${text}`
  const shown = `src/a.ts:3:const TOKEN\n.env:1:${withheld}\nconfig/prod.env-2-${withheld}\nmy-1-notes/.env:3:${withheld}`

  test('lines that a search found lose their text, those of other files do not', async () => {
    const { data } = await heard({
      hook_event_name: 'PostToolUse',
      tool_name: 'Grep',
      tool_input: { pattern: 'TOKEN', output_mode: 'content' },
      tool_response: { mode: 'content', numFiles: 0, filenames: [], content: found, numLines: 3 },
    })
    expect(data).toMatchObject({
      tool_input: { pattern: 'TOKEN', output_mode: 'content' },
      tool_response: { mode: 'content', content: shown, numLines: 3 },
    })
  })

  test('the same holds for what a command searched, whether it counts lines or not', async () => {
    const stdout = `src/a.ts:const TOKEN\n.env:${text}\nmy-1-notes/prod.env-${text}\n./.env:7:${text}`
    const kept = `src/a.ts:const TOKEN\n.env:${withheld}\nmy-1-notes/prod.env-${withheld}\n./.env:7:${withheld}`
    for (const command of ['cd x && grep -r TOKEN .', 'rg TOKEN | head', 'git grep TOKEN'])
      expect(
        (
          await heard({
            hook_event_name: 'PostToolUse',
            tool_name: 'Bash',
            tool_input: { command },
            tool_response: { stdout, stderr: '' },
          })
        ).data,
      ).toMatchObject({ tool_input: { command }, tool_response: { stdout: kept, stderr: '' } })
  })

  test('the same holds in a batch, and other files are as they were', async () => {
    const { data } = await heard({
      hook_event_name: 'PostToolBatch',
      tool_calls: [
        { tool_name: 'Read', tool_input: { file_path: '/p/.env' }, tool_response: text },
        { tool_name: 'Read', tool_input: { file_path: '/p/a.ts' }, tool_response: 'kept' },
        { tool_name: 'Bash', tool_input: { command: 'grep . prod.env' }, tool_response: text },
        { tool_name: 'Bash', tool_input: { command: 'cat passwords' }, tool_response: text },
        {
          tool_name: 'Bash',
          tool_input: { command: 'rm a.ts; grep -rn password src' },
          tool_response: 'kept',
        },
        { tool_name: 'Bash', tool_input: { command: "sed -i 's|user|a/password|' a.ts" }, tool_response: '' },
        { tool_name: 'Grep', tool_input: { pattern: 'TOKEN' }, tool_response: found },
      ],
    })
    expect(JSON.stringify(data)).not.toContain('do-not-keep-me')
    expect(data).toMatchObject({
      tool_calls: [
        { tool_response: withheld },
        { tool_response: 'kept' },
        { tool_response: withheld },
        { tool_response: withheld },
        { tool_input: { command: 'rm a.ts; grep -rn password src' }, tool_response: 'kept' },
        { tool_input: { command: "sed -i 's|user|a/password|' a.ts" } },
        { tool_response: shown },
      ],
    })
  })

  test('a hook that is about such a file is kept as it is', async () => {
    const sent = { hook_event_name: 'FileChanged', file_path: '/p/.env', event: 'change', cwd: '/p' }
    expect((await heard(sent)).data).toMatchObject(sent)
  })
})
