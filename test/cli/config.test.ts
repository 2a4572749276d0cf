import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConfigSources, loadConfig } from '../../src/config.ts'
import { optionRows } from '../../src/config/options.ts'
import { isLoopback } from '../../src/listener.ts'
import { type Paths, pathsOf } from '../../src/paths.ts'
import { PaidError } from '../../src/protocol/error.ts'

let paths: Paths
beforeEach(() => (paths = pathsOf(mkdtempSync(join(tmpdir(), 'paid-')))))
afterEach(() => rmSync(paths.home, { recursive: true, force: true }))

const load = (sources: Omit<ConfigSources, 'paths'> & { file?: unknown } = {}) => {
  const { file, ...rest } = sources
  if (file !== undefined) writeFileSync(paths.config, typeof file === 'string' ? file : JSON.stringify(file))
  return loadConfig({ paths, ...rest })
}

const refusalOf = (sources: Parameters<typeof load>[0]): string => {
  try {
    load(sources)
  } catch (error) {
    if (error instanceof PaidError) return error.message
    throw error
  }
  throw new Error('it was taken')
}

test('without a word it listens on loopback, with a token', () => {
  expect(load().listeners).toEqual([{ host: '127.0.0.1', port: 8787, auth: 'token', dialect: 'pai' }])
})

test('flags win over the environment, that over the file, that over the default', () => {
  const file = { listen: ['127.0.0.1:1'], http: { maxBody: 2048 }, log: { level: 'warn' } }
  const env = { PAID_LISTEN: '127.0.0.1:2 [::1]:2', PAID_HTTP_MAX_BODY: '4096' }
  const ports = (config: ReturnType<typeof load>) =>
    config.listeners.map(({ host, port }) => `${host} ${port}`)
  expect(ports(load({ file }))).toEqual(['127.0.0.1 1'])
  expect(ports(load({ file, env }))).toEqual(['127.0.0.1 2', '::1 2'])
  const config = load({ file, env, flags: { listen: ['127.0.0.1:3'] } })
  expect(ports(config)).toEqual(['127.0.0.1 3'])
  expect(config).toMatchObject({ http: { maxBody: 4096 }, log: { level: 'warn' }, hosts: [] })
})

test('an empty variable says nothing', () => {
  expect(load({ env: { PAID_LISTEN: '', PAID_AUTH: '' } }).listeners).toHaveLength(1)
})

describe('a listener', () => {
  const one = (listen: string, auth?: string) =>
    load({ flags: { listen: [listen], ...(auth ? { auth } : {}) } }).listeners[0]

  test('may say its own auth and dialect', () => {
    expect(one('127.0.0.1:0,auth=none,dialect=pai')).toEqual({
      host: '127.0.0.1',
      port: 0,
      auth: 'none',
      dialect: 'pai',
    })
    expect(one('127.0.0.1:0,auth=token', 'none')?.auth).toBe('token')
    expect(one('127.0.0.1:0', 'none')?.auth).toBe('none')
  })

  test('is known by its one written form, and localhost is 127.0.0.1 whatever the tables say', () => {
    expect(one('localhost:1')?.host).toBe('127.0.0.1')
    expect(one('LOCALHOST:1')?.host).toBe('127.0.0.1')
    expect(one('127.1:1')?.host).toBe('127.0.0.1')
    expect(one('[0:0:0:0:0:0:0:1]:1')?.host).toBe('::1')
  })

  test.each([
    '0.0.0.0:1',
    '[::]:1',
    '192.168.1.2:1',
    '0:1',
    'example.com:1',
    'localhost.:1',
    '[::ffff:127.0.0.1]:1',
    '128.0.0.1:1',
  ])('%s without a token is refused, with one it is not', (listen) => {
    expect(one(listen)?.auth).toBe('token')
    expect(refusalOf({ flags: { listen: [`${listen},auth=none`] } })).toContain('can be reached by others')
    expect(refusalOf({ flags: { listen: [listen], auth: 'none' } })).toContain('can be reached by others')
    expect(refusalOf({ file: { listen: [listen], auth: 'none' } })).toContain(paths.config)
  })

  test.each([
    '',
    '8787',
    ':8787',
    '::1:8787',
    '127.0.0.1',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '1.2.3.4.5:1',
    'a b:1',
    'u@h:1',
    'h/x:1',
    '127.0.0.1:1,',
  ])('%p is not an address', (listen) => {
    expect(refusalOf({ flags: { listen: [listen] } })).toContain(`--listen: "${listen}"`)
  })

  test.each(['pai', 'orchestrator', 'photon', 'happy'])('may speak %s', (dialect) => {
    expect(String(one(`127.0.0.1:0,dialect=${dialect}`)?.dialect)).toBe(dialect)
  })

  test('may let a WebSocket show its token in a frame, also to others', () => {
    expect(one('0.0.0.0:0,auth=frame')?.auth).toBe('frame')
    expect(one('127.0.0.1:0', 'frame')?.auth).toBe('frame')
  })

  test('that wants what there is not is told what there is', () => {
    expect(refusalOf({ flags: { listen: ['127.0.0.1:1,dialect=klingon'] } })).toContain('dialect=klingon')
    expect(refusalOf({ flags: { listen: ['127.0.0.1:1,auth=maybe'] } })).toContain('auth=maybe')
    expect(refusalOf({ flags: { listen: ['127.0.0.1:1,tls=on'] } })).toContain('"tls"')
  })

  test('is named once', () => {
    expect(refusalOf({ flags: { listen: ['127.0.0.1:1', 'localhost:1'] } })).toContain('twice')
    expect(load({ flags: { listen: ['127.0.0.1:0', '127.0.0.1:0'] } }).listeners).toHaveLength(2)
  })

  test('on all of 127 is loopback, and nothing that only looks like it', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1'].every(isLoopback)).toBe(true)
    expect(['127.0.0.1.evil.test', '0.0.0.0', 'localhost', '::'].some(isLoopback)).toBe(false)
  })
})

test('a bad value is refused with where it stands and what was expected', () => {
  expect(refusalOf({ file: { http: { maxBody: '1' } } })).toBe(
    `${paths.config}: http.maxBody must be a whole number from 1024 to 16777216, not "1"`,
  )
  expect(refusalOf({ file: {}, env: { PAID_HTTP_MAX_BODY: '1e9' } })).toContain(
    'PAID_HTTP_MAX_BODY must be a whole number',
  )
  expect(refusalOf({ file: { log: { level: 'loud' } } })).toContain(
    'one of error, warn, info, debug, not "loud"',
  )
  expect(refusalOf({ file: { http: 3 } })).toContain('http must be an object, not 3')
  expect(refusalOf({ file: {}, flags: { auth: 'maybe' } })).toContain(
    '--auth must be one of token, none, frame, not "maybe"',
  )
})

test('an unknown key is refused by its whole name', () => {
  expect(refusalOf({ file: { http: { maxBdy: 1 } } })).toBe(
    `${paths.config}: there is no option "http.maxBdy"`,
  )
  expect(refusalOf({ file: { __proto__x: 1 } })).toContain('there is no option')
})

test('a file that is no JSON object is refused by name', () => {
  for (const file of ['{', '[]', '3', 'null', '']) expect(refusalOf({ file })).toContain(paths.config)
})

test('every option has a variable, a default and a sentence, for the README', () => {
  expect(optionRows().map(({ key, env }) => `${key} ${env}`)).toContain(
    'subscriptions.maxUnsentBytes PAID_SUBSCRIPTIONS_MAX_UNSENT_BYTES',
  )
  for (const row of optionRows()) {
    expect(row.about).not.toBe('')
    expect(row.standard).toBeDefined()
  }
})

describe('sockets besides its own', () => {
  const env = { HOME: '/home/me' }
  const places = (sources: Parameters<typeof load>[0]) =>
    load({ env, ...sources }).sockets.map(({ path, namespace }) => [path, namespace])

  test('are none without a word', () => {
    expect(places({})).toEqual([])
  })

  test('come from the file, each with its namespace', () => {
    const file = {
      photon: { sockets: ['kanban'], global: true },
      sockets: ['/run/a.sock', { path: '/run/b.sock', namespace: 'b' }],
    }
    expect(places({ file })).toEqual([
      ['/home/me/.photon/daemons/kanban.sock', 'kanban'],
      ['/home/me/.photon/.data/daemon.sock', ''],
      ['/run/a.sock', ''],
      ['/run/b.sock', 'b'],
    ])
  })

  test('come from the environment and from flags, which win', () => {
    const variables = { PAID_PHOTON_SOCKETS: 'a b', PAID_PHOTON_GLOBAL: 'false', PAID_SOCKETS: '/run/c.sock' }
    expect(places({ env: { ...env, ...variables } })).toEqual([
      ['/home/me/.photon/daemons/a.sock', 'a'],
      ['/home/me/.photon/daemons/b.sock', 'b'],
      ['/run/c.sock', ''],
    ])
    const flags = { photon: ['c'], 'photon-global': true as const, socket: ['/run/d.sock'] }
    expect(places({ env: { ...env, PHOTON_HOME: '/photons', ...variables }, flags })).toEqual([
      ['/home/me/.photon/daemons/c.sock', 'c'],
      ['/photons/.data/daemon.sock', ''],
      ['/run/d.sock', ''],
    ])
  })

  test('are refused when they cannot be', () => {
    expect(refusalOf({ env, file: { sockets: ['x.sock'] } })).toContain('is not an absolute path')
    expect(refusalOf({ env, file: { sockets: [5] } })).toContain('sockets must be a list of paths')
    expect(refusalOf({ env, file: { sockets: [paths.socket] } })).toContain('which is named already')
    expect(refusalOf({ env, flags: { photon: ['a/b'] } })).toContain('is no name of a photon')
    expect(refusalOf({ env, file: { photon: { global: 'yes' } } })).toContain(
      'photon.global must be true or false',
    )
    expect(refusalOf({ env, file: { channels: { stored: ['a*b'] } } })).toContain('channels.stored must be')
  })
})
