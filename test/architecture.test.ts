// The plan of the house, kept: who may import whom, what `paid hook` may load, what every file owes its reader.

import { describe, expect, test } from 'bun:test'
import { builtinModules } from 'node:module'
import { z } from 'zod'
import { filesIn, importsOf, isMainFile, loadedBy, openingOf, textOf } from './support/source.ts'

const source = filesIn(['src'], '**/*.{ts,tsx}')
const code = filesIn(['src', 'test', 'scripts'], '**/*.{ts,tsx}')
const imports = source.flatMap(importsOf)

/** Folder of src/, or the name of a file at its top. */
const roomOf = (file: string): string => /^src\/([^/.]+)/.exec(file)?.[1] ?? ''

const ground = ['protocol', 'lib']
const mayImport: Record<string, readonly string[]> = {
  lib: [],
  protocol: ['lib'],
  core: ground,
  archive: ['core', ...ground],
  features: ['core', 'archive', ...ground, 'version'],
  transport: ['core', ...ground, 'listener', 'version'],
  client: ground,
  cli: ['client', ...ground, 'paths', 'config', 'listener', 'version', 'daemon'],
  web: ['client', ...ground],
  // the files at the top
  version: [],
  paths: ground,
  home: ['config', 'listener', 'paths', 'version', ...ground],
  doors: ['transport', 'config', 'home', 'listener', 'paths', 'socket-claim', 'socket-place', ...ground],
  rooms: ['archive', 'features', 'core', ...ground],
  'capture-settings': ground,
  listener: ground,
  'socket-place': ground,
  'socket-claim': ['transport', 'home', 'socket-place', ...ground],
  config: ['listener', 'paths', 'socket-place', ...ground],
  worker: ['archive', 'core', ...ground, 'paths'],
  workers: ['archive', 'core', ...ground, 'worker'],
  daemon: [
    'archive',
    'capture-settings',
    'rooms',
    'transport',
    'core',
    ...ground,
    'config',
    'doors',
    'home',
    'listener',
    'paths',
    'version',
    'workers',
  ],
  main: ['cli', 'version'],
}

/** Who may use a package; `zod` is everybody's but the toolbox's, and absent means nobody. */
const packageUsers: Record<string, readonly string[]> = {
  zod: Object.keys(mayImport).filter((room) => room !== 'lib'),
  hono: ['transport'],
  citty: ['cli'],
  consola: ['cli'],
  croner: ['features'],
  standardwebhooks: ['features'],
  'js-yaml': ['lib'],
  diff: ['archive'],
  react: ['client'],
  '@secretlint/secretlint-rule-preset-recommend': ['lib'],
  '@secretlint/types': ['lib'],
}

const isBuiltin = (specifier: string) => /^(node|bun):/.test(specifier) || specifier === 'bun'
const packageOf = (specifier: string) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
const inside = imports.filter((each) => each.to.startsWith('src/'))
const outside = imports.filter((each) => !each.to.startsWith('src/'))
const show = (each: { from: string; to: string }) => `${each.from} -> ${each.to}`

describe('imports', () => {
  test('every folder and top file of src has its place in the plan', () => {
    expect([...new Set(source.map(roomOf))].filter((room) => !(room in mayImport))).toEqual([])
  })

  test('point inwards', () => {
    const wrong = inside.filter(({ from, to }) => {
      const [room, target] = [roomOf(from), roomOf(to)]
      return room !== target && !mayImport[room]?.includes(target)
    })
    expect(wrong.map(show)).toEqual([])
  })

  test('lead from no room of features into another', () => {
    const roomIn = (file: string) => /^src\/features\/([^/.]+)/.exec(file)?.[1]
    const wrong = inside.filter(({ from, to }) => roomIn(from) && roomIn(to) && roomIn(from) !== roomIn(to))
    expect(wrong.map(show)).toEqual([])
  })

  test('are lazy from main into the command line, and from the command line into the daemon', () => {
    const wrong = inside.filter(({ from, to, lazy, runs }) => {
      const crossing = `${roomOf(from)}>${roomOf(to)}`
      return (crossing === 'main>cli' || crossing === 'cli>daemon') && runs && !lazy
    })
    expect(wrong.map(show)).toEqual([])
  })

  test('of packages happen only where a package belongs', () => {
    const wrong = outside.filter(({ from, to }) => {
      if (isBuiltin(to) || builtinModules.includes(to)) return false
      return !packageUsers[packageOf(to)]?.includes(roomOf(from))
    })
    expect(wrong.map(show)).toEqual([])
  })

  test('outside src go to packages and the standard library alone', () => {
    expect(outside.filter(({ to }) => /^(\.\.|test|scripts|dist)/.test(to)).map(show)).toEqual([])
  })
})

describe('start-up', () => {
  const packages = (loaded: Set<string>) =>
    [...loaded].filter((each) => !each.startsWith('src/') && !isBuiltin(each)).sort()

  test('`paid hook` and `paid --version` load no package at all, also late', () => {
    const ofOthers = ['src/cli/cli.ts', 'src/cli/outcome.ts', 'src/cli/commands/status.ts']
    const loaded = loadedBy('src/main.ts', ({ to }) => !ofOthers.includes(to))
    expect([...loaded]).toContain('src/cli/commands/hook.ts')
    expect(packages(loaded)).toEqual([])
  })

  test('`paid hook` leaves the slow parts of the standard library alone on its usual way', () => {
    const loaded = [...loadedBy('src/cli/commands/hook.ts', ({ lazy }) => !lazy)]
    expect(loaded.filter((each) => /^node:(tty|readline|http|net|child_process)/.test(each))).toEqual([])
    const code = (file: string) => textOf(file).replace(/\/\/.*|\/\*[\s\S]*?\*\//g, '')
    const processStreams = /\bprocess\.(stdout|stderr|stdin)\b/
    expect(loaded.filter((each) => each.startsWith('src/') && processStreams.test(code(each)))).toEqual([])
  })

  test('the daemon loads the arithmetic of cron when a job needs it', () => {
    const loaded = [...loadedBy('src/daemon.ts', ({ lazy }) => !lazy)]
    expect(loaded).toContain('src/features/jobs.ts')
    expect(loaded.filter((each) => each === 'croner' || each.includes('jobs/schedule'))).toEqual([])
  })

  test('the tree of commands loads citty alone until a command runs', () => {
    expect(packages(loadedBy('src/cli/cli.ts', ({ lazy }) => !lazy))).toEqual(['citty'])
  })

  test.each(['status', 'events', 'tail'])('`paid %s` loads no other package on its usual way', (name) => {
    expect(packages(loadedBy(`src/cli/commands/${name}.ts`, ({ lazy }) => !lazy))).toEqual([])
  })
})

describe('every file', () => {
  test('of the source opens with a comment that says what lives there', () => {
    expect(source.filter((file) => openingOf(file).join(' ').length < 20)).toEqual([])
  })

  test('that is the main one of its folder opens with a promise of three lines or more', () => {
    expect(source.filter((file) => isMainFile(file) && openingOf(file).length < 3)).toEqual([])
  })

  test('fits on a few screens: 300 lines at most', () => {
    const lines = (file: string) => textOf(file).trimEnd().split('\n').length
    expect(code.filter((file) => lines(file) > 300).map((file) => `${file}: ${lines(file)}`)).toEqual([])
  })

  const said = [...filesIn(['src', 'test', 'scripts', '.ci'], '**/*'), ...filesIn(['.'], '*.{json,toml,md}')]
  const saying = (pattern: RegExp) => said.filter((file) => pattern.test(textOf(file)))

  test('is finished: no word promises later work', () => {
    expect(saying(/\b(TO(?=DO)DO|FIX(?=ME)ME)\b/)).toEqual([])
  })

  test('is of no one place: no checkout folder, no package host', () => {
    const checkout = /(?<![\w.*~}])\/(?:work|workspaces?|builds)\/\w/
    const packageHost = /\bregistry\.(?:npmjs|yarnpkg|npmmirror)\b/
    expect(saying(new RegExp(`${checkout.source}|${packageHost.source}`))).toEqual([])
  })
})

describe('dependencies', () => {
  test('are pinned to exact versions', () => {
    const pins = z.record(z.string(), z.string())
    const { dependencies, devDependencies } = z
      .object({ dependencies: pins.default({}), devDependencies: pins })
      .parse(JSON.parse(textOf('package.json')))
    const all = Object.entries({ ...dependencies, ...devDependencies })
    expect(all.filter(([, version]) => !/^(npm:[\w-]+@)?\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  const entry = z.looseObject({
    version: z.string().optional(),
    integrity: z.string().optional(),
    optional: z.boolean().default(false),
    optionalDependencies: z.record(z.string(), z.string()).default({}),
  })
  const { packages: locked } = z
    .object({ packages: z.record(z.string(), entry) })
    .parse(JSON.parse(textOf('package-lock.json')))

  test('are locked without the host they came from, and with their integrity but for builds for other platforms', () => {
    const wrong = Object.entries(locked).filter(
      ([path, each]) => 'resolved' in each || !(path === '' || each.integrity || each.optional),
    )
    expect(wrong.map(([path]) => path)).toEqual([])
  })

  test('are locked for every platform: `npm ci` refuses a lock that leaves one out', () => {
    const builds = Object.values(locked).flatMap((each) => Object.entries(each.optionalDependencies))
    expect(builds.filter(([name, version]) => locked[`node_modules/${name}`]?.version !== version)).toEqual(
      [],
    )
  })
})
