// Guards 16 and 17: the folder and the environment it is started in, and the addresses it would listen on. Nothing that
// lies around is read or run, and nobody but this machine gets in without a token.

import { expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { startDaemon, temporaryHome } from '../support/daemon.ts'
import { openHome } from '../support/home.ts'

const packages = ['hono', 'zod', 'citty', 'consola', 'bun', 'bun:sqlite', 'node:fs', 'ws', 'bufferutil']

/** A folder where everything that a runtime may look at writes a mark when it is run, or opens the daemon to all. */
const hostileFolder = () => {
  const folder = temporaryHome()
  const mark = join(folder, 'owned')
  const evil = `require('node:fs').writeFileSync(${JSON.stringify(mark)}, 'x')`
  const preload = `preload = ["./evil.js"]\nenv = "inline"\n[run]\npreload = ["./evil.js"]\n[test]\npreload = ["./evil.js"]\n[serve.static]\nplugins = ["./evil.js"]\n`
  const settings =
    'PAID_LISTEN=0.0.0.0:0\nPAID_AUTH=none\nPAID_HOME=/nowhere/at/all\nPAID_TOKEN=known-to-everybody-here\n'
  const files: Record<string, string> = {
    'evil.js': evil,
    'bunfig.toml': preload,
    '.bunfig.toml': preload,
    'package.json': JSON.stringify({
      type: 'commonjs',
      main: './evil.js',
      imports: { '#x': './evil.js' },
      exports: './evil.js',
      bun: { preload: './evil.js' },
      scripts: { paid: 'node evil.js', start: 'node evil.js', hook: 'node evil.js' },
    }),
    'tsconfig.json': JSON.stringify({ compilerOptions: { baseUrl: '.', paths: { '*': ['./evil.js'] } } }),
    'jsconfig.json': JSON.stringify({ compilerOptions: { paths: { '*': ['./evil.js'] } } }),
    'config.json': '{"listen":["0.0.0.0:0"]}',
    ...Object.fromEntries(
      ['', '.local', '.production', '.production.local', '.development'].map((end) => [
        `.env${end}`,
        settings,
      ]),
    ),
    ...Object.fromEntries(
      ['worker.ts', 'worker.js', 'main.ts', 'cli/cli.ts', 'daemon.ts', 'paid', 'start', 'hook', 'status'].map(
        (name) => [name, evil],
      ),
    ),
    ...Object.fromEntries(packages.map((name) => [`node_modules/${name}/index.js`, evil])),
    ...Object.fromEntries(
      packages.map((name) => [
        `node_modules/${name}/package.json`,
        JSON.stringify({ name, main: 'index.js' }),
      ]),
    ),
  }
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return {
    folder,
    evil: join(folder, 'evil.js'),
    /** true once; then it is clean again */
    owned: (): boolean => {
      const found = existsSync(mark)
      rmSync(mark, { force: true })
      return found
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const hook = '{"hook_event_name":"Stop","session_id":"s"}'

test('guard 16: nothing of the folder it is started in is read, whatever lies there', async () => {
  using hostile = hostileFolder()
  await using home = openHome()
  const cwd = hostile.folder
  for (const words of [
    ['--version'],
    ['paths'],
    ['start'],
    ['status'],
    ['emit', 'x'],
    ['events'],
    ['restart'],
    ['stop'],
  ])
    expect({ words, ...(await home.paid(words, { cwd })) }).toMatchObject({ words, code: 0, stderr: '' })
  expect(await home.paid(['hook'], { cwd, stdin: hook })).toEqual({ code: 0, stdout: '', stderr: '' })
  expect(existsSync(home.paths.spool)).toBe(true)

  await using daemon = await startDaemon({ cwd })
  expect(daemon.urls).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:/)])
  expect((await fetch(`${daemon.url}/events`)).status).toBe(401)
  expect(daemon.token).not.toBe('known-to-everybody-here')
  // the worker, and what is only loaded when it is needed
  await daemon.kill('SIGKILL')
  await using again = await startDaemon({ cwd, home: daemon.home })
  expect((await fetch(`${again.url}/openapi.json`, { headers: { 'x-api-key': again.token } })).status).toBe(
    200,
  )
  expect(hostile.owned()).toBe(false)
}, 30_000)

test('guard 16: a runtime told to load foreign code by its environment loads none', async () => {
  using hostile = hostileFolder()
  await using home = openHome()
  const { evil, folder } = hostile
  const told: Record<string, string>[] = [
    ...[
      `--preload ${evil}`,
      `--preload=${evil}`,
      `-r ${evil}`,
      `--require ${evil}`,
      `--import ${evil}`,
      `--config=${folder}/bunfig.toml`,
      `-c ${folder}/bunfig.toml`,
      `--cwd=${folder}`,
      `-e "require('${evil}')"`,
      `--print "require('${evil}')"`,
      `--tsconfig-override=${folder}/tsconfig.json`,
      `--inspect-wait=127.0.0.1:0`,
      `--disallow-code-generation-from-strings=off --preload ${evil}`,
    ].map((options) => ({ BUN_OPTIONS: options })),
    { BUN_PRELOAD: evil },
    { BUN_INSPECT_PRELOAD: evil },
    { BUN_CONFIG: `${folder}/bunfig.toml` },
    { NODE_OPTIONS: `--require ${evil}` },
    { NODE_PATH: `${folder}/node_modules` },
    { XDG_CONFIG_HOME: folder },
  ]
  for (const env of told)
    for (const words of [
      ['--version'],
      ['hook'],
      ['status'],
      ['start', '--foreground', '--listen', '0.0.0.0:0,auth=none'],
    ]) {
      const { code } = await home.paid(words, { env, stdin: hook })
      const ran = { env, words, owned: hostile.owned() }
      expect(ran).toEqual({ env, words, owned: false })
      if (env['BUN_OPTIONS']?.includes('preload')) expect({ ...ran, code }).not.toEqual({ ...ran, code: 0 })
    }
}, 120_000)

test('guard 16: no debugger is opened, and the daemon has nothing of the runtime in its environment', async () => {
  await using home = openHome()
  const free = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  free.stop(true)
  await home.paid(['start'], { env: { BUN_INSPECT: `ws://127.0.0.1:${free.port}/debug` } })
  const debugged = await fetch(`http://127.0.0.1:${free.port}/json/version`).then(
    () => true,
    () => false,
  )
  expect(debugged).toBe(false)
  await home.paid(['stop'])

  const env = { BUN_CONFIG_VERBOSE_FETCH: 'curl', BUN_RUNTIME_TRANSPILER_CACHE_PATH: home.paths.home }
  expect(await home.paid(['start'], { env })).toMatchObject({ code: 0, stderr: '' })
  if (process.platform !== 'linux') return
  const environment = readFileSync(`/proc/${home.pid()}/environ`, 'latin1').split('\0')
  expect(environment).toContain('PAID_DETACHED=1')
  expect(environment.filter((entry) => entry.startsWith('BUN_'))).toEqual([])
}, 30_000)

const reachable = [
  '0.0.0.0:0',
  '[::]:0',
  '0:0',
  '0x0:0',
  '192.0.2.7:0',
  '[::ffff:0.0.0.0]:0',
  '[::ffff:192.0.2.7]:0',
  '[fe80::1]:0',
  'localhost.:0',
  'localhost.evil.test:0',
  '127.0.0.1.evil.test:0',
  'evil.test:0',
  'ip6-localhost:0',
  '128.0.0.1:0',
]

test('guard 17: an address that others could reach is refused without a token, however it is written', async () => {
  await using home = openHome()
  for (const address of reachable) {
    const ways: [string[], Record<string, string>][] = [
      [['start', '--auth', 'none', '--listen', address], {}],
      [['start', '--foreground', '--listen', `${address},auth=none`], {}],
      [['start', '--auth', 'token', '--listen', `127.0.0.1:0`, '--listen', `${address},auth=none`], {}],
      [['start', '--foreground'], { PAID_LISTEN: address, PAID_AUTH: 'none' }],
    ]
    for (const [words, env] of ways) {
      const ran = await home.paid(words, { env })
      expect({ words, ...ran }).toEqual({
        words,
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(/would need no token|is not host:port/),
      })
    }
  }
  writeFileSync(home.paths.config, '{"auth":"none"}')
  expect(await home.paid(['start', '--listen', '0.0.0.0:0'])).toMatchObject({ code: 2, stdout: '' })
  writeFileSync(home.paths.config, '{"listen":["[::]:0,auth=none"]}')
  expect(await home.paid(['start'], { env: { PAID_LISTEN: '' } })).toMatchObject({ code: 2, stdout: '' })
  expect(existsSync(home.paths.lock)).toBe(false)
}, 60_000)

test('guard 17: what is not an address at all is refused too', async () => {
  await using home = openHome()
  const nonsense = [
    '',
    ':0',
    '*:0',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '::1:0',
    '127.0.0.1:0/',
    'a b:0',
  ]
  for (const address of [
    ...nonsense,
    'evil@127.0.0.1:0',
    '127.0.0.1:0,auth',
    '127.0.0.1:0,auth=',
    '127.0.0.1:-1',
  ]) {
    const { code, stdout } = await home.paid(['start', '--auth', 'none', '--listen', address])
    expect({ address, code, stdout }).toEqual({ address, code: 2, stdout: '' })
  }
}, 30_000)

test('guard 17: localhost is 127.0.0.1, whatever the tables of the machine say, and is said aloud without a token', async () => {
  await using daemon = await startDaemon({
    args: ['--listen', 'localhost:0,auth=none', '--listen', 'LOCALHOST:0'],
  })
  expect(daemon.urls).toHaveLength(2)
  for (const url of daemon.urls) expect(url).toStartWith('http://127.0.0.1:')
  expect(daemon.output()).toContain(`this address asks nobody for a token url="${daemon.urls[0]}"`)
  expect(daemon.output()).not.toContain(`for a token url="${daemon.urls[1]}"`)
  expect((await fetch(`${daemon.urls[1]}/events`)).status).toBe(401)
}, 30_000)
