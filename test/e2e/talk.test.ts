// Talk on stderr: a person at a terminal sees marks and colours, everybody else plain lines.

import { expect, test } from 'bun:test'
import { environmentOf, paidBinary, runPaid } from '../support/daemon.ts'

const nowhere = environmentOf('/nonexistent', { TERM: 'xterm-256color' })

/** What a terminal shows of a command, and its exit code. */
const onTerminal = async (words: string[], env: Record<string, string> = {}) => {
  let shown = ''
  const decoder = new TextDecoder()
  const child = Bun.spawn([paidBinary, ...words], {
    env: { ...nowhere, ...env },
    terminal: {
      cols: 100,
      rows: 40,
      data: (_, bytes) => {
        shown += decoder.decode(bytes, { stream: true })
      },
    },
  })
  const code = await child.exited
  child.terminal?.close()
  return { code, shown: shown.replaceAll('\r\n', '\n') }
}

test('an error on a terminal has a mark and colours, and still says what to type', async () => {
  const { code, shown } = await onTerminal(['tial'])
  expect(code).toBe(2)
  expect(shown).toContain('\u001b[31m✖')
  expect(
    Bun.stripANSI(shown)
      .split('\n')
      .map((line) => line.trimEnd()),
  ).toEqual(['✖ there is no command "tial"', '  Did you mean paid tail?', ''])
})

test.each([{ NO_COLOR: '1' }, { CI: 'true' }, { TERM: 'dumb' }])('it is plain with %o', async (env) => {
  const { stderr } = await runPaid(['tial'], { env: nowhere })
  expect(stderr).toBe('paid: there is no command "tial"\n  Did you mean `paid tail`?\n')
  expect(await onTerminal(['tial'], env)).toEqual({ code: 2, shown: stderr })
})

test('a variable that quiets other programs does not hide an error', async () => {
  const { shown } = await onTerminal(['status'], { CONSOLA_LEVEL: '-999', TEST: '1' })
  expect(shown).toContain('not running')
  expect(shown).toContain('paid start')
})
