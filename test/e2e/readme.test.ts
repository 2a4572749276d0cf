// The README, held to its word: what it says to type is typed, in its order and as somebody would, and what it shows
// is what comes. Its tables are those of the source.

import { describe, expect, test } from 'bun:test'
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { tree } from '../../src/cli/cli.ts'
import { optionRows } from '../../src/config/options.ts'
import { pathsOf } from '../../src/paths.ts'
import { api } from '../../src/protocol/api.ts'
import { errors } from '../../src/protocol/error.ts'
import { limits } from '../../src/protocol/limits.ts'
import { environmentOf, paidBinary, runPaid, temporaryHome, withDaemon } from '../support/daemon.ts'
import { ask } from '../support/http-text.ts'
import { type Block, blocksOf, codesIn, readmeText, sectionOf, shown, tablesOf } from '../support/readme.ts'
import { openShell } from '../support/shell.ts'

/** A clean account: `~` is new, `paid` lies in `dist/`, a daemon takes a free port. */
const openAccount = () => {
  const home = temporaryHome()
  mkdirSync(join(home, 'dist'))
  symlinkSync(paidBinary, join(home, 'dist', 'paid'))
  const { PAID_HOME: _, ...env } = environmentOf(home, { PAID_LISTEN: '127.0.0.1:0' })
  return {
    home,
    env,
    /** where the daemon that runs listens; the README says 127.0.0.1:8787 */
    address: (): string => {
      const { urls } = JSON.parse(readFileSync(join(home, '.paid', 'daemon.json'), 'utf8'))
      return String(urls[0]).replace('http://', '')
    },
    [Symbol.asyncDispose]: async () => {
      await runPaid(['stop'], { env })
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** how long a line may take; then it does not come, and the test says what came instead */
const patienceMs = 20_000

/** The second terminal: its lines are waited for as the README shows them. */
const openSecondTerminal = async (command: string, env: Record<string, string>, cwd: string) => {
  const child = Bun.spawn(['bash', '-c', command], { env, cwd, stdout: 'pipe', stderr: 'pipe' })
  const read = (stream: ReadableStream<Uint8Array>) => {
    const reader = stream.getReader()
    const decoder = new TextDecoder()
    let text = ''
    return async (wanted: RegExp): Promise<void> => {
      using _ = giveUp(patienceMs, () => reader.cancel())
      for (;;) {
        const found = wanted.exec(text)
        if (found) {
          text = text.slice(found.index + found[0].length)
          return
        }
        const { value, done } = await reader.read()
        if (done) throw new Error(`The second terminal does not show ${wanted}, but:\n${text}`)
        text += decoder.decode(value, { stream: true })
      }
    }
  }
  const talk = read(child.stderr)
  await talk(/following/)
  return {
    shows: read(child.stdout),
    [Symbol.asyncDispose]: async () => {
      child.kill()
      await child.exited
    },
  }
}

const giveUp = (ms: number, end: () => Promise<void>): Disposable => {
  const timer = setTimeout(() => void end(), ms)
  return { [Symbol.dispose]: () => clearTimeout(timer) }
}

test('five minutes, typed from the first line to the last', async () => {
  const blocks = blocksOf(await sectionOf('Five minutes'))
  expect(blocks.length).toBeGreaterThan(10)
  await using account = openAccount()
  const { home, env } = account
  await using shell = openShell(env, home)
  await using stack = new AsyncDisposableStack()
  let second: Awaited<ReturnType<typeof openSecondTerminal>> | undefined
  let stdout = ''

  const steps: Record<string, (body: string) => Promise<void>> = {
    sh: async (body) => {
      const typed = body.includes('127.0.0.1:8787')
        ? body.replaceAll('127.0.0.1:8787', account.address())
        : body
      const ran = await shell.run(typed)
      expect(ran.failed, body).toBe('')
      stdout = ran.stdout
    },
    'sh follow': async (body) => {
      const path = `${join(home, 'dist')}:${env['PATH']}`
      second = stack.use(await openSecondTerminal(body, { ...env, PATH: path }, home))
    },
    text: async (body) => expect(`${stdout.trim()}\n`).toMatch(whole(body)),
    'text follow': async (body) => await second?.shows(shown(body)),
  }
  for (const { words, body } of blocks) {
    const step = steps[words]
    if (!step) throw new Error(`a block of "${words}" is nothing to run or to compare`)
    await step(body)
  }
  expect(second).toBeDefined()
}, 60_000)

const whole = (body: string): RegExp => new RegExp(`^${shown(body).source}\\s*$`)

describe('the table', () => {
  const rowsOf = async (section: string, header: string): Promise<string[][]> => {
    const found = tablesOf(await sectionOf(section)).find((table) => table.header[0] === header)
    if (!found) throw new Error(`The section "${section}" has no table of ${header}`)
    return found.rows
  }

  test('of options is the schema’s', async () => {
    const standard = (value: unknown) => {
      const text = Array.isArray(value) ? value.join(' ') : String(value)
      return text === '' ? 'none' : `\`${text}\``
    }
    expect(await rowsOf('Configuration', 'option')).toEqual(
      optionRows().map((row) => [`\`${row.key}\``, `\`${row.env}\``, standard(row.standard), row.about]),
    )
  })

  test('of errors is the table of errors', async () => {
    expect(await rowsOf('Errors', 'code')).toEqual(
      Object.entries(errors).map(([code, { status, exit, message }]) => [
        `\`${code}\``,
        String(status),
        String(exit),
        message,
      ]),
    )
  })

  test('of limits has every limit with its value', async () => {
    const rows = await rowsOf('Limits', 'limit')
    expect(Object.fromEntries(rows)).toEqual(
      Object.fromEntries(
        Object.entries(limits).map(([name, value]) => [`\`${name}\``, written(name, value)]),
      ),
    )
  })

  test('of methods is what the daemon declares', async () => {
    const rows = await rowsOf('Native frames', 'method')
    expect(Object.fromEntries(rows.map(([name, ...rest]) => [name, rest]))).toEqual(
      Object.fromEntries(
        Object.entries(api).map(([name, { access, summary }]) => [`\`${name}\``, [access, summary]]),
      ),
    )
  })

  test('of commands names every command', async () => {
    const rows = await rowsOf('Commands', 'command')
    const named = rows.map(([command = '']) => /^`paid (\w+)/.exec(command)?.[1] ?? command)
    expect(named.toSorted()).toEqual(Object.keys(tree.subCommands ?? {}).toSorted())
  })

  test('of files has everything that `paid paths` prints', async () => {
    const { home: _, ...files } = pathsOf('/home')
    const names = (await rowsOf('Files', 'file')).map(([file = '']) => file.replaceAll('`', ''))
    expect(names.toSorted()).toEqual(
      Object.values(files)
        .map((path) => basename(path))
        .toSorted(),
    )
  })

  test('of paths is true: each is there, and asks for a token where it says so', () =>
    withDaemon({}, async (daemon) => {
      const rows = await rowsOf('HTTP', 'path')
      expect(rows.length).toBeGreaterThan(8)
      await daemon.run(['webhooks', 'add', 'readme', '--scheme', 'none', '--publish', 'ci'])
      await daemon.run(['call', 'event.publish', '{"channel":"session:readme","type":"said"}'])
      for (const [cell = '', token] of rows) {
        const [code = ''] = codesIn(cell)
        const [method = '', path = ''] = code
          .replace('{method}', 'system.status')
          .replace('{name}', 'readme')
          .replace('{id}', 'readme')
          .split(' ')
        const bare = await fetch(`${daemon.url}${path}`, { method })
        expect(bare.status === 401, code).toBe(token === 'yes')
        const known = await ask(daemon, path, { method })
        // `/` is there for whoever upgrades, and for nobody else
        expect(known.status === 404, code).toBe(path === '/')
        expect(known.status, code).not.toBe(405)
      }
    }))
})

/** A limit as the README writes it: `1 MiB`, `30 s`, `1,000`. */
const written = (name: string, value: number): string => {
  const inUnits = (units: [string, number][]) => {
    const [unit = '', size = 1] = units.find(([, each]) => value >= each && value % each === 0) ?? []
    return `${(value / size).toLocaleString('en-US')} ${unit}`
  }
  if (name.endsWith('Ms'))
    return inUnits([
      ['h', 3600_000],
      ['s', 1000],
      ['ms', 1],
    ])
  if (name.endsWith('Bytes'))
    return inUnits([
      ['MiB', 2 ** 20],
      ['KiB', 1024],
      ['B', 1],
    ])
  return value.toLocaleString('en-US')
}

test('the list at the top leads to every section in order, and every link within the page to a heading', async () => {
  const text = await readmeText()
  const anchorsOf = (heading: RegExp): string[] =>
    [...text.matchAll(heading)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    )
  const linksIn = (part: string): string[] =>
    [...part.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor)
  expect(linksIn(text.split('\n## ', 1)[0] ?? '')).toEqual(anchorsOf(/^## (.+)$/gm))
  const headings = new Set(anchorsOf(/^##+ (.+)$/gm))
  expect(linksIn(text).filter((anchor) => !headings.has(anchor))).toEqual([])
})

test('every block of commands in the README is a shell’s, and every one of JSON is JSON', async () => {
  const text = await readmeText()
  const all: Block[] = blocksOf(text)
  for (const { words, body } of all)
    if (words === 'json') expect(() => JSON.parse(body), body).not.toThrow()
    else expect(['sh', 'sh follow', 'text', 'text follow', 'ts', 'yaml']).toContain(words)
})
