// `~/.promptrc.json`: what it says counts, as deep as it goes; what is broken in it is told and does not count.

import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCaptureSettings } from '../../src/capture-settings.ts'
import { standardCaptureSettings } from '../../src/protocol/capture.ts'
import { temporaryFolder } from '../support/engine.ts'

type Told = { message: string; values: Record<string, unknown> }

let folder: ReturnType<typeof temporaryFolder>
let path: string
let told: Told[]
let now: number

beforeEach(() => {
  folder = temporaryFolder()
  path = join(folder.path, '.promptrc.json')
  told = []
  now = 0
})
afterEach(() => folder[Symbol.dispose]())

const open = (more: readonly string[] = []) =>
  openCaptureSettings(
    path,
    more,
    (message, values) => told.push({ message, values }),
    () => now,
  )
const write = (content: unknown) =>
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
const standard = standardCaptureSettings

test('without a file the defaults count', () => {
  expect(open()()).toEqual(standard)
  expect(told).toEqual([])
})

test.each([
  [{ autoCapture: { enabled: false } }, { autoCapture: { ...standard.autoCapture, enabled: false } }],
  [
    { autoCapture: { tools: { chatgpt: true, mine: false } } },
    { autoCapture: { enabled: true, tools: { ...standard.autoCapture.tools, chatgpt: true, mine: false } } },
  ],
  [
    { privacy: { excludePatterns: ['*.pem'] } },
    { privacy: { excludePatterns: ['*.pem'], maskSensitiveData: true } },
  ],
  [{ privacy: { excludePatterns: [] } }, { privacy: { excludePatterns: [], maskSensitiveData: true } }],
  [{ storage: { maxSessionAge: 1000 } }, { storage: { maxSessionAge: 1000, autoCleanup: true } }],
  [{ storage: {} }, {}],
  [{}, {}],
  [
    { git: { linkToCommits: true }, notifications: { showOnSave: false, deep: { er: [1] } } },
    { git: { linkToCommits: true }, notifications: { showOnSave: false, deep: { er: [1] } } },
  ],
  [{ privacy: { mine: 7 } }, { privacy: { ...standard.privacy, mine: 7 } }],
])('%j goes over the defaults, however deep', (given, difference) => {
  write(given)
  expect(open()()).toEqual({ ...standard, ...difference })
  expect(told).toEqual([])
})

describe('broken', () => {
  test.each(['', '{"half', 'null', '7', '"text"', '[]', '\ufeff{}', '{"a":1,}'])(
    '%j is told once, and the defaults count',
    (text) => {
      write(text)
      const settings = open()
      for (let n = 0; n < 3; n++) {
        expect(settings()).toEqual(standard)
        now += 5000
      }
      expect(told).toHaveLength(1)
      expect(told[0]).toMatchObject({
        message: 'the capture settings cannot be read: the defaults count',
        values: { path, problem: expect.any(String) },
      })
    },
  )

  test.each([
    ['a folder', () => mkdirSync(path)],
    ['a link in a circle', () => symlinkSync(path, path)],
    [
      'a file that anybody may write to',
      () => (write({ storage: { autoCleanup: false } }), chmodSync(path, 0o666)),
    ],
  ])('%s is told once too', (_, make) => {
    make()
    const settings = open()
    expect([settings(), settings()]).toEqual([standard, standard])
    now += 5000
    expect(settings()).toEqual(standard)
    expect(told).toHaveLength(1)
  })

  test.each([
    [{ autoCapture: { enabled: 'yes', tools: { cursor: false } } }, 'autoCapture.enabled'],
    [{ autoCapture: { tools: { chatgpt: 'on', cursor: false } } }, 'autoCapture.tools.chatgpt'],
    [{ autoCapture: { tools: { cursor: false } }, privacy: 7 }, 'privacy'],
    [
      { autoCapture: { tools: { cursor: false } }, privacy: { excludePatterns: '*.env' } },
      'privacy.excludePatterns',
    ],
    [
      { autoCapture: { tools: { cursor: false } }, privacy: { excludePatterns: ['a', 7] } },
      'privacy.excludePatterns.1',
    ],
    [{ autoCapture: { tools: { cursor: false } }, storage: { maxSessionAge: -1 } }, 'storage.maxSessionAge'],
    [
      { autoCapture: { tools: { cursor: false } }, storage: { maxSessionAge: '1d' } },
      'storage.maxSessionAge',
    ],
    [{ autoCapture: { tools: { cursor: false } }, storage: null }, 'storage'],
  ])('of %j only what is of the wrong kind does not count, and it is named', (given, place) => {
    write(given)
    const tools = { ...standard.autoCapture.tools, cursor: false }
    const found = open()()
    expect({ ...found, privacy: 0 }).toEqual({
      ...standard,
      privacy: 0,
      autoCapture: { enabled: true, tools },
    } as never)
    expect(found.privacy.maskSensitiveData).toBe(true)
    expect(told).toEqual([
      { message: 'a setting does not count', values: { path, place, problem: expect.any(String) } },
    ])
  })

  test('several are told each, and a key of every object is no setting', () => {
    write('{"__proto__":{"enabled":1},"constructor":7,"storage":{"autoCleanup":1,"maxSessionAge":"x"}}')
    expect(open()()).toMatchObject({ storage: standard.storage, privacy: standard.privacy })
    expect(told.map(({ values }) => values['place'])).toEqual([
      'storage.maxSessionAge',
      'storage.autoCleanup',
    ])
    expect(Reflect.get({}, 'enabled')).toBeUndefined()
  })
})

test('changes are seen without a restart, a second later at most', () => {
  const settings = open(['*.pem'])
  const seen = () => ((now += 1000), settings().storage.maxSessionAge)
  expect(seen()).toBe(86_400_000)
  write({ storage: { maxSessionAge: 5 } })
  expect(seen()).toBe(5)
  write({ storage: { maxSessionAge: 6 } })
  expect(settings().storage.maxSessionAge).toBe(5)
  expect(seen()).toBe(6)
  write('{broken')
  expect(seen()).toBe(86_400_000)
  write({ storage: { maxSessionAge: 7 } })
  expect(seen()).toBe(7)
  unlinkSync(path)
  expect(seen()).toBe(86_400_000)
  expect(told).toHaveLength(1)
  expect(settings().privacy.excludePatterns).toEqual([...standard.privacy.excludePatterns, '*.pem'])
  rmSync(path, { force: true })
})
