// What the suites stand on: one temporary folder with every home in it, the binary under test, the floors compiled the
// same way, and every process that was started. Ending the stage ends those processes, by pid, and removes the folder.

import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { DaemonOptions, TestDaemon } from '../../test/support/daemon.ts'
import { build } from '../build.ts'
import { cpuOfMachine } from './cpu.ts'
import type { LoadOptions } from './load.ts'
import type { Measured } from './measured.ts'
import type { Row } from './report.ts'

export type Stage = Awaited<ReturnType<typeof openStage>>
export type Suite = (stage: Stage) => Promise<Row[]>

const root = join(import.meta.dir, '..', '..')
const floors = ['http', 'echo', 'publish', 'hello', 'photon', 'relay', 'claude'] as const
type FloorName = (typeof floors)[number]

export type Running = AsyncDisposable & { pid: number; said: string }

const lookMs = 100
const stillCores = 0.25
const longestWaitMs = 3000

/** a load that does not end by itself is ended after so much longer than it should take */
const patienceMs = 15_000

/** @param say told what happens, line by line */
export const openStage = async ({ quick, say }: { quick: boolean; say: (line: string) => void }) => {
  const given = process.env['PAID_BIN']
  const source = resolve(given ?? join(root, 'dist', 'paid'))
  if (!given && !existsSync(source)) {
    say('building dist/paid')
    await build([join(root, 'src/main.ts'), join(root, 'src/worker.ts')], source)
  }
  if (!existsSync(source)) throw new Error(`PAID_BIN names no file: ${source}`)
  // short: sockets live in it
  const folder = mkdtempSync(join(tmpdir(), 'pb-'))
  // a copy: another build meanwhile changes nothing, and no other daemon shares its memory
  const binary = join(folder, 'paid')
  copyFileSync(source, binary)
  process.env['PAID_BIN'] = binary
  const { environmentOf, startDaemon } = await import('../../test/support/daemon.ts')

  const running = new Set<number>()
  let homes = 0
  const built = new Map<FloorName, Promise<string>>()

  let patience = quick ? 6000 : 40_000

  /** Waits for other programs to be still: some seconds each time, and not for ever in all. */
  const quiet = async (): Promise<void> => {
    const until = performance.now() + Math.min(patience, longestWaitMs)
    const startedAt = performance.now()
    while (performance.now() < until) {
      const [before, from] = [cpuOfMachine(), performance.now()]
      await Bun.sleep(lookMs)
      if (before === undefined) return
      if (((cpuOfMachine() ?? 0) - before) / (performance.now() - from) < stillCores) break
    }
    patience -= performance.now() - startedAt
  }

  const track = (child: Bun.Subprocess): void => {
    running.add(child.pid)
    void child.exited.then(() => running.delete(child.pid))
  }

  const stage = {
    quick,
    say,
    folder,
    binary,
    environmentOf,
    quiet,

    /** A new home's path. */
    home: (): string => {
      const home = join(folder, `h${++homes}`)
      mkdirSync(home, { mode: 0o700 })
      return home
    },

    daemon: async (options: DaemonOptions = {}): Promise<TestDaemon> => {
      const daemon = await startDaemon({ home: stage.home(), ...options })
      running.add(daemon.pid)
      void daemon.exited.then(() => running.delete(daemon.pid))
      return daemon
    },

    /** The path of a floor's binary, built like ours: minified, bytecode, no code from strings. */
    floor: (name: FloorName): Promise<string> => {
      const known = built.get(name)
      if (known) return known
      const path = join(folder, `floor-${name}`)
      const made = build([join(import.meta.dir, 'floors', `${name}.ts`)], path).then(() => path)
      built.set(name, made)
      return made
    },

    /** A process that says nothing to us. */
    spawn: (command: readonly string[], env: Record<string, string>): Bun.Subprocess => {
      const child = Bun.spawn([...command], { env, cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] })
      track(child)
      return child
    },

    /** Starts a program and waits for its first line. */
    start: async (command: readonly string[]): Promise<Running> => {
      const child = Bun.spawn([...command], {
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'inherit',
        cwd: folder,
      })
      track(child)
      const { value } = await child.stdout.getReader().read()
      return {
        pid: child.pid,
        said: new TextDecoder().decode(value).trim(),
        [Symbol.asyncDispose]: async () => {
          child.kill('SIGKILL')
          await child.exited
        },
      }
    },

    /** A server that is a floor; `said` is where it listens. */
    serve: async (name: FloorName, ...args: string[]): Promise<Running> =>
      stage.start([await stage.floor(name), ...args]),

    /** Runs one of the programs beside this file to its end and gives the JSON that it printed. */
    measure: async <T>(program: string, options: object, forMs: number): Promise<T> => {
      await quiet()
      const child = Bun.spawn([process.execPath, join(import.meta.dir, program), JSON.stringify(options)], {
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'pipe',
        timeout: forMs + patienceMs,
      })
      track(child)
      const [stdout, stderr, code] = await Promise.all([
        child.stdout.text(),
        child.stderr.text(),
        child.exited,
      ])
      if (code !== 0) throw new Error(`${program}: ${stderr.trim() || child.signalCode || `exit ${code}`}`)
      const found: T = JSON.parse(stdout)
      return found
    },

    /** Runs one of the programs beside this file that watches until it is told to end, and then prints what it saw. */
    watch: async <T>(program: string, options: object) => {
      const child = Bun.spawn([process.execPath, join(import.meta.dir, program), JSON.stringify(options)], {
        stdin: 'pipe',
        stdout: 'pipe',
        stderr: 'pipe',
      })
      track(child)
      const output = child.stdout.getReader()
      const decoder = new TextDecoder()
      const { value } = await output.read()
      if (decoder.decode(value).trim() !== 'ready')
        throw new Error(`${program}: ${await child.stderr.text()}`)
      return {
        pid: child.pid,
        end: async (): Promise<T> => {
          await child.stdin.end()
          let text = ''
          for (let part = await output.read(); !part.done; part = await output.read())
            text += decoder.decode(part.value, { stream: true })
          if ((await child.exited) !== 0) throw new Error(`${program}: ${await child.stderr.text()}`)
          const watched: T = JSON.parse(text)
          return watched
        },
        [Symbol.asyncDispose]: async () => {
          child.kill('SIGKILL')
          await child.exited
        },
      }
    },

    load: (options: LoadOptions): Promise<Measured> =>
      stage.measure<Measured>('load.ts', options, options.warmMs + options.runMs),

    [Symbol.dispose]: (): void => {
      for (const pid of running) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          // it has ended meanwhile
        }
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return stage
}
