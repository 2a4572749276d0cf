// What a command says of words that it cannot take: exit code 2, what was expected, and where its own help is.

import { expect, test } from 'bun:test'
import { withDaemon } from '../support/daemon.ts'

test(
  'a value that a command cannot take is refused with the help of that command, whoever looked at it',
  () =>
    withDaemon({}, async ({ run }) => {
      for (const [words, said] of [
        ['events --limit many', '--limit must be a whole number, not many'],
        ['events --limit 1001', 'limit: Too big: expected number to be <=1000'],
        ['events --since 2026-13-01', 'since: must be an event id (evt_12), a number or an ISO 8601 time'],
        ['logs --lines some', '--lines must be a whole number, not some'],
        ['emit note --channel=', 'channel must not be empty'],
        ['lock build --wait soon', '--wait must be a span such as 10s or 5m, not soon'],
        ['lock build --ttl 0s', 'ttl: Too small: expected number to be >=1'],
        ['jobs add poll --every 1m --do x --retry 101', 'retry: Too big: expected number to be <=100'],
        [
          'webhooks add github',
          'webhooks add needs --scheme: github, stripe, standard, slack, header or none',
        ],
        ['prompts for', 'prompts for needs COMMIT|FILE[:LINE]: HEAD, 1a2b3c4, src/main.ts, src/main.ts:12'],
      ] as const) {
        const typed = words.split(' ')
        const { code, stdout, stderr } = await run(typed)
        const name = ['jobs', 'webhooks', 'prompts'].includes(typed[0] ?? '')
          ? typed.slice(0, 2).join(' ')
          : typed[0]
        expect({ words, code, stdout, stderr }).toEqual({
          words,
          code: 2,
          stdout: '',
          stderr: expect.stringMatching(/^paid: .+\n {2}See `paid .+ --help`\.\n$/),
        })
        expect(stderr).toContain(said)
        expect(stderr).toContain(`See \`paid ${name} --help\`.`)
      }
      expect(await run(['call', 'event.list', '{"limit":"x"}'])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('`paid call system.methods` says what each takes.'),
      })
    }),
  60_000,
)

test(
  'what --since may be is said in the words of the command line',
  () =>
    withDaemon({}, async ({ run }) => {
      for (const words of [['events'], ['tail'], ['subscribe', 'board']]) {
        const { code, stderr } = await run([...words, '--since', 'yesterday'])
        expect({ words, code }).toEqual({ words, code: 2 })
        expect(stderr).toBe(
          'paid: --since must be an event (evt_12), a time (ISO 8601) or a span ago such as 10m, not yesterday\n' +
            `  See \`paid ${words[0]} --help\`.\n`,
        )
      }
      await run(['emit', 'note'])
      expect(JSON.parse((await run(['events', '--since', '0', '--json'])).stdout)).toMatchObject([
        { type: 'note' },
      ])
    }),
  60_000,
)

test(
  'a span that is too long is refused with the longest there may be',
  () =>
    withDaemon({}, async ({ run }) => {
      for (const [words, most] of [
        ['actions add slow --timeout 25h -- true', '--timeout is at most 1d, not 25h'],
        ['actions run slow --timeout 25h', '--timeout is at most 1d, not 25h'],
        ['jobs add poll --every 1m --do slow --timeout 2d', '--timeout is at most 1d, not 2d'],
        ['rules add tell --on type=x --do slow --timeout 2d', '--timeout is at most 1d, not 2d'],
        ['webhooks add hub --scheme none --publish ci --tolerance 2d', '--tolerance is at most 1d, not 2d'],
        ['webhooks rotate hub --secret sixteen-letters- --keep 31d', '--keep is at most 30d, not 31d'],
        ['keys add laptop --expires 3651d', '--expires is at most 3650d, not 3651d'],
      ] as const) {
        const { code, stderr } = await run(words.split(' '))
        expect({ words, code, stderr }).toEqual({ words, code: 2, stderr: expect.stringContaining(most) })
      }
    }),
  60_000,
)

test(
  'what is more than the daemon takes at once is refused at once, not waited for',
  () =>
    withDaemon({}, async ({ run }) => {
      for (const [stdin, said] of [
        [`${'['.repeat(1500)}${']'.repeat(1500)}`, 'nested too deep: 1000 levels at most'],
        [`${'['.repeat(200_000)}${']'.repeat(200_000)}`, 'nested too deep: 1000 levels at most'],
        [`"${'a'.repeat(17 * 1024 * 1024)}"`, 'bytes, 16777216 at most are taken'],
        [`"${'ä'.repeat(9 * 1024 * 1024)}"`, 'bytes, 16777216 at most are taken'],
      ] as const) {
        const { code, stdout, stderr } = await run(['emit', 'note', '-'], { stdin })
        expect({ said, code, stdout, stderr }).toEqual({
          said,
          code: 2,
          stdout: '',
          stderr: expect.stringContaining(said),
        })
      }
      const fits = await run(['emit', 'note', '-'], { stdin: `"${'a'.repeat(16 * 1024 * 1024 - 1000)}"` })
      expect(fits).toMatchObject({ code: 0, stderr: '' })
    }),
  60_000,
)

test('help names each argument as its usage does, and every value that a flag takes', () =>
  withDaemon({}, async ({ run }) => {
    expect((await run(['help', 'actions', 'run'])).stdout).toContain('\n  NAME    the action\n  JSON|-  ')
    expect((await run(['help', 'start'])).stdout).toContain('--auth token|none|frame')
    expect((await run(['help', 'keys', 'add'])).stdout).toContain('sessions:run')
  }))
