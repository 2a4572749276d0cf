// A daemon for a test: the compiled binary in a temporary home, on a free port, gone when the test is over.
// It promises: ready when it is handed over, an environment of its own (no PAID_* of the runner), nothing left behind.
// The binary is `dist/paid`, or what PAID_BIN names.

import { existsSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Paths, pathsOf } from '../../src/paths.ts'

export const paidBinary = resolve(process.env['PAID_BIN'] ?? join(import.meta.dir, '../../dist/paid'))

export type DaemonOptions = {
  /** a home to use (and leave in place); without it a temporary one is made and removed */
  home?: string
  /** more arguments of `paid start --foreground`; without a `--listen` among them it is port 0 of 127.0.0.1 */
  args?: string[]
  env?: Record<string, string>
  /** content of `config.json` */
  config?: object
  cwd?: string
  /** a command that ends by executing the words behind it, such as `nice` */
  through?: string[]
}

export type Ran = { code: number; stdout: string; stderr: string }
export type RunOptions = { stdin?: string | Uint8Array; env?: Record<string, string>; cwd?: string }

export type TestDaemon = AsyncDisposable & {
  home: string
  paths: Paths
  /** `http://127.0.0.1:port` of the first listener */
  url: string
  urls: string[]
  token: string
  socket: string
  httpSocket: string
  pid: number
  env: Record<string, string>
  /** what it wrote to stdout and stderr so far */
  output: () => string
  /** `paid …args` in this home */
  run: (args: string[], options?: RunOptions) => Promise<Ran>
  /** Signals the daemon and waits for its end, unless the signal is one that does not end it. */
  kill: (signal?: NodeJS.Signals) => Promise<void>
  /** resolves with the exit code, or the name of the signal */
  exited: Promise<number | string>
  /** SIGTERM, then the end; removes the home if it was made here */
  stop: () => Promise<void>
}

const stopsWithinMs = 15_000
const readyWithinMs = 15_000
const harmless = new Set<NodeJS.Signals>(['SIGSTOP', 'SIGCONT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'])

/** A temporary home with a path short enough for sockets; the caller removes it. */
export const temporaryHome = (): string => mkdtempSync(join(tmpdir(), 'paid-'))

/** The environment of everything a test starts: what the system needs, the home, nothing else of ours. */
export const environmentOf = (home: string, more: Record<string, string> = {}): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  TMPDIR: tmpdir(),
  HOME: home,
  PAID_HOME: home,
  ...more,
})

/** Runs the binary once and gives back what it said. */
export const runPaid = async (
  args: string[],
  { stdin = '', env = {}, cwd }: RunOptions = {},
): Promise<Ran> => {
  const child = Bun.spawn([paidBinary, ...args], {
    env,
    ...(cwd === undefined ? {} : { cwd }),
    stdin: typeof stdin === 'string' ? new TextEncoder().encode(stdin) : stdin,
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { code, stdout, stderr }
}

export const startDaemon = async (options: DaemonOptions = {}): Promise<TestDaemon> => {
  if (!existsSync(paidBinary)) throw new Error(`${paidBinary} is missing: run \`npm run build\` first`)
  const home = options.home ?? temporaryHome()
  const paths = pathsOf(home)
  const env = environmentOf(home, options.env)
  if (options.config) writeFileSync(paths.config, JSON.stringify(options.config))
  const args = options.args ?? []
  const listen = args.includes('--listen') ? [] : ['--listen', '127.0.0.1:0']

  const child = Bun.spawn(
    [...(options.through ?? []), paidBinary, 'start', '--foreground', ...listen, ...args],
    {
      env,
      cwd: options.cwd ?? home,
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    },
  )
  let output = ''
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder()
    for await (const chunk of stream) output += decoder.decode(chunk, { stream: true })
  }
  const collected = Promise.all([collect(child.stdout), collect(child.stderr)])
  const exited = child.exited.then((code) => child.signalCode ?? code)
  const removeHome = () => {
    if (options.home === undefined) rmSync(home, { recursive: true, force: true })
  }

  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), stopsWithinMs)
    await exited
    clearTimeout(timer)
    await collected
  }
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGCONT')
      await end('SIGTERM')
    }
    removeHome()
  }

  const found = await ready(paths.daemon, child.pid, exited)
  if (found === undefined) {
    await stop()
    throw new Error(`The daemon did not become ready. It said:\n${output}`)
  }
  return {
    home,
    paths,
    url: found.urls[0] ?? '',
    urls: found.urls,
    token: env['PAID_TOKEN'] ?? (existsSync(paths.token) ? readFileSync(paths.token, 'utf8').trim() : ''),
    socket: paths.socket,
    httpSocket: paths.httpSocket,
    pid: child.pid,
    env,
    output: () => output,
    run: (args, run = {}) => runPaid(args, { cwd: home, ...run, env: { ...env, ...run.env } }),
    kill: async (signal = 'SIGKILL') => {
      if (harmless.has(signal)) child.kill(signal)
      else await end(signal)
    },
    exited,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Runs `use` with a daemon and ends it afterwards, whatever happened. */
export const withDaemon = async <T>(
  options: DaemonOptions,
  use: (daemon: TestDaemon) => T | Promise<T>,
): Promise<T> => {
  await using daemon = await startDaemon(options)
  return await use(daemon)
}

/** Waits until `daemon.json` is this process's; undefined when it ended or took too long. */
const ready = async (file: string, pid: number, exited: Promise<unknown>) => {
  const read = (): { pid: number; urls: string[] } | undefined => {
    try {
      const found = JSON.parse(readFileSync(file, 'utf8'))
      return found.pid === pid ? found : undefined
    } catch {
      return undefined
    }
  }
  let settle: (found: ReturnType<typeof read>) => void = () => {}
  const answer = new Promise<ReturnType<typeof read>>((done) => (settle = done))
  const look = () => {
    const found = read()
    if (found) settle(found)
  }
  const watcher = watch(join(file, '..'), look)
  const timer = setTimeout(() => settle(undefined), readyWithinMs)
  void exited.then(() => settle(undefined))
  look()
  const found = await answer
  clearTimeout(timer)
  watcher.close()
  return found
}
