// The real Claude Code, kept: nobody asks for anything beyond `paid hooks install`.

import { afterAll, describe, expect, test } from 'bun:test'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import {
  claudeAvailable,
  claudeMissing,
  openClaudeHome,
  openConversation,
  runClaude,
} from '../support/claude.ts'
import { environmentOf, runPaid, startDaemon, type TestDaemon } from '../support/daemon.ts'
import { openMessagesApi } from '../support/messages-api.ts'
import { until } from '../support/shown.ts'

const api = openMessagesApi()
afterAll(() => api[Symbol.asyncDispose]())

const secret = 'hunter2-hunter2'

type Shown = {
  session: { id: string; parent?: string; parentKind?: string; tokens: { input: number }; title?: string }
  messages: { kind: string; text: string; tool?: string; agent?: string }[]
}

const listed = z.array(
  z.object({
    archived: z
      .object({
        parent: z.string().optional(),
        parentKind: z.string().optional(),
        tokens: z.object({ input: z.int() }),
      })
      .optional(),
  }),
)

const show = async (daemon: TestDaemon, id: string): Promise<Shown | undefined> => {
  const { stdout, code } = await daemon.run(['sessions', 'show', id, '--json'])
  return code === 0 ? JSON.parse(stdout) : undefined
}

const says = (found: Shown | undefined, text: string): boolean =>
  found?.messages.some((each) => each.text.includes(text)) === true

const suite = claudeAvailable ? describe : describe.skip
suite(`Claude Code${claudeAvailable ? '' : ` (skipped: ${claudeMissing})`}`, () => {
  test('a conversation is kept with its agents, its edits, what /clear and a fork made of it, and without its .env', async () => {
    using where = openClaudeHome(api)
    const home = join(where.home, '.paid')
    mkdirSync(home, { mode: 0o700 })
    await using daemon = await startDaemon({ home, env: { HOME: where.home } })
    await runPaid(['hooks', 'install'], { env: environmentOf(home, { HOME: where.home }) })
    const file = join(where.project, 'a.txt')
    writeFileSync(file, 'one\n')
    writeFileSync(join(where.project, '.env'), `TOKEN=${secret}\n`)
    const args = ['--permission-mode', 'acceptEdits', '--allowedTools', 'Bash,Read,Edit,Agent']
    await using talk = openConversation(where, { args })
    const tool = (name: string, input: object) => `::tool ${name} ${JSON.stringify(input)}`
    await talk.say(
      [
        'change the file',
        tool('Read', { file_path: file }),
        tool('Edit', { file_path: file, old_string: 'one', new_string: 'two' }),
        tool('Read', { file_path: join(where.project, '.env') }),
        tool('Bash', { command: 'cat .env' }),
        tool('Agent', {
          description: 'd',
          prompt: 'what the agent is asked',
          subagent_type: 'general-purpose',
        }),
        '::say changed it',
      ].join('\n'),
    )
    const { session_id: first } = await talk.say('look at @.env please')
    await talk.say('/clear')
    const { session_id: second } = await talk.say('after the clearing')
    const [one, two] = [String(first), String(second)]
    expect(two).not.toBe(one)
    await talk.end()

    const kept = await until(
      () => show(daemon, one),
      (found) => says(found, 'changed it') && says(found, 'Heard: what the agent') && says(found, 'please'),
    )
    expect(kept?.session.title).toBe('change the file')
    expect(
      kept?.messages.filter(({ kind, agent }) => kind === 'tool' && !agent).map((each) => each.tool),
    ).toEqual(['Read', 'Edit', 'Read', 'Bash', 'Agent'])
    const next = await until(
      () => show(daemon, two),
      (found) => says(found, 'Heard: after the clearing'),
    )
    expect(next?.session).toMatchObject({ parent: one, parentKind: 'clear' })

    await runClaude(where, 'go on apart', { args: ['--resume', one, '--fork-session'] })
    const list = async () => listed.parse(JSON.parse((await daemon.run(['sessions', '--json'])).stdout))
    const forkIn = (all: z.infer<typeof listed>) =>
      all.find(({ archived }) => archived?.parentKind === 'fork')?.archived
    // it is kept as it grows: its answer comes last
    const sessions = await until(list, (all) => (forkIn(all)?.tokens.input ?? 0) > 0)
    expect(sessions).toHaveLength(3)
    expect(forkIn(sessions)).toMatchObject({ parent: one, tokens: { input: 100 } })

    // its own files are gone, as after its month
    rmSync(join(where.home, '.claude', 'projects'), { recursive: true })
    expect(says(await show(daemon, one), 'changed it')).toBe(true)
    expect((await daemon.run(['archive', 'verify'])).code).toBe(0)
    await daemon.kill('SIGTERM')
    for (const name of readdirSync(home).filter((each) => each.startsWith('archive.db')))
      expect(readFileSync(join(home, name)).includes(secret)).toBe(false)
  }, 60_000)
})
