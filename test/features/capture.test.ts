// The capture room behind dispatch, with settings and a clock that a test moves: what the user's settings say is done.

import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { type CaptureSettings, standardCaptureSettings } from '../../src/protocol/capture.ts'
import { createPeer } from '../../src/core/peer.ts'
import { promptsIn } from '../support/capture.ts'
import { type Engine, openEngine } from '../support/engine.ts'
import { type GitFolder, openGitFolder } from '../support/git.ts'
import { createMovedClocks } from '../support/moved-clocks.ts'
import { seeded, trueSecrets } from '../support/secrets.ts'

const day = 86_400_000
const silent = { blocked: false, empty: async () => {}, send: () => {}, lagged: () => {} }
const peer = createPeer('test:tool', 'write', '', silent)

let at: GitFolder
let engine: Engine
let project: string
let clocks: ReturnType<typeof createMovedClocks>
let settings: CaptureSettings

const open = (): Engine =>
  openEngine(at.home, { clock: clocks.clock, steady: clocks.process(), captureSettings: () => settings })

beforeEach(async () => {
  at = openGitFolder()
  clocks = createMovedClocks()
  settings = structuredClone(standardCaptureSettings)
  engine = open()
  project = await at.repository()
})
afterEach(() => {
  engine.close()
  at[Symbol.dispose]()
})

const start = async (tool: string | undefined = 'cursor', metadata: object = {}) =>
  await engine.dispatch(peer, 'capture.start', {
    ...(tool !== undefined && { tool }),
    metadata: { cwd: project, ...metadata },
  })
const message = (session: string, content: string, role = 'user') =>
  engine.dispatch(peer, 'capture.message', { session, role, content })
const activeIds = async (): Promise<string[]> => {
  const { sessions } = await engine.dispatch(peer, 'capture.list', {})
  return sessions.map(({ id }) => id)
}
const typesOf = (session: string): string[] =>
  engine.delivered.filter(({ channel }) => channel === `session:${session}`).map(({ type }) => type)

describe('tools', () => {
  test('that are switched off get an id, and nothing is kept', async () => {
    const { session, kept } = await start('chatgpt')
    expect({ session, kept }).toEqual({ session: expect.stringMatching(/^[0-9a-f]{16}$/), kept: false })
    expect(await message(session, 'hello there you')).toEqual({ stored: false })
    expect(await engine.dispatch(peer, 'capture.save', { session })).toEqual({
      saved: false,
      reason: 'unknown',
    })
    expect(typesOf(session)).toEqual([])
    expect(await activeIds()).toEqual([])
  })

  test('that nobody named, and sessions without one, are kept', async () => {
    expect(await start('zed')).toMatchObject({ kept: true })
    expect(await engine.dispatch(peer, 'capture.start', {})).toMatchObject({ kept: true })
    expect(await start('constructor')).toMatchObject({ kept: true })
  })

  test('are all switched off with capture itself', async () => {
    settings.autoCapture.enabled = false
    for (const tool of ['cursor', 'zed', undefined]) expect(await start(tool)).toMatchObject({ kept: false })
    expect(await activeIds()).toEqual([])
  })
})

describe('the contents of excluded files', () => {
  test.each([
    ['.env', true],
    ['config/PROD.ENV', true],
    ['src/my-secrets.ts', true],
    ['C:\\work\\passwords.txt', true],
    ['src/api_key.ts', true],
    ['secret/readme.md', false],
    ['src/auth.ts', false],
    ['.env.example', false],
  ])('of %s: %p', async (filePath, withheld) => {
    const { session } = await start()
    const change = { session, filePath, before: 'contents before', after: 'contents after' }
    await engine.dispatch(peer, 'capture.change', change)
    const { sessions } = await engine.dispatch(peer, 'capture.list', {})
    const [shown] = sessions[0]?.changes ?? []
    expect(shown).toMatchObject(
      withheld
        ? { filePath, before: null, after: null }
        : { filePath, before: 'contents before', after: 'contents after' },
    )
    expect(engine.delivered.some(({ dataText }) => dataText.includes('contents'))).toBe(!withheld)
  })

  test('follow the settings as they are when the change comes', async () => {
    settings.privacy.excludePatterns = ['src/**/*.pem']
    const { session } = await start()
    for (const filePath of ['src/a/b.pem', '.env'])
      await engine.dispatch(peer, 'capture.change', { session, filePath, before: 'x', after: 'y' })
    const { sessions } = await engine.dispatch(peer, 'capture.list', {})
    expect(sessions[0]?.changes.map(({ after }) => after)).toEqual([null, 'y'])
  })
})

describe('sessions in which nobody speaks', () => {
  test('are over after their time, with their last word in the log; those in which somebody does go on', async () => {
    const { session: quiet } = await start()
    const { session: loud } = await start()
    await message(quiet, 'the last word')
    clocks.move(day - 1)
    await message(loud, 'still here')
    expect(await activeIds()).toEqual([quiet, loud])
    clocks.move(2)
    expect(await activeIds()).toEqual([loud])
    expect(typesOf(quiet)).toEqual(['capture.started', 'message.added', 'capture.ended'])
    expect(await message(quiet, 'too late')).toEqual({ stored: false })
    clocks.move(day)
    expect(await engine.dispatch(peer, 'capture.status', {})).toMatchObject({ active: 0 })
  })

  test('are over once, however many ask at the same time', async () => {
    const started = await Promise.all(Array.from({ length: 20 }, () => start()))
    clocks.move(day + 1)
    await Promise.all(Array.from({ length: 5 }, () => engine.dispatch(peer, 'capture.status', {})))
    for (const { session } of started) expect(typesOf(session)).toEqual(['capture.started', 'capture.ended'])
  })

  test('stay for ever without autoCleanup, and as long as maxSessionAge says with it', async () => {
    settings.storage = { autoCleanup: false, maxSessionAge: 1000 }
    const { session } = await start()
    clocks.move(400 * day)
    expect(await activeIds()).toEqual([session])
    settings.storage = { autoCleanup: true, maxSessionAge: 401 * day }
    expect(await activeIds()).toEqual([session])
    clocks.move(2 * day)
    expect(await activeIds()).toEqual([])
  })

  test('keep their age over a restart', async () => {
    const { session: quiet } = await start()
    clocks.move(day / 2)
    const { session: loud } = await start()
    await message(loud, 'hello there you')
    engine.close()
    clocks.move(day / 2 + 1)
    engine = open()
    expect(await activeIds()).toEqual([loud])
    expect(typesOf(quiet)).toEqual(['capture.ended'])
  })
})

describe('secrets', () => {
  const makers = Object.entries(trueSecrets)
  const short = makers.filter(([kind]) => kind !== 'private key')
  const told = ([kind, make]: (typeof makers)[number], round: number) => {
    const { secret, around } = make(seeded(kind.length * 31 + round))
    return { secret, text: around ? around(secret) : secret }
  }

  test('of every kind are in no field of what is written', async () => {
    const secrets: string[] = []
    let used = 0
    const next = (): string => {
      const maker = short[used++ % short.length]
      if (!maker) throw new Error('no kinds')
      const { secret, text } = told(maker, used)
      secrets.push(secret)
      return text
    }
    for (const maker of makers) {
      const { session } = await start('cursor', { model: next(), tags: [next(), next()], other: next() })
      const { secret, text } = told(maker, 7)
      secrets.push(secret)
      await message(session, `look here: ${text}`)
      await message(session, next(), 'assistant')
      await engine.dispatch(peer, 'capture.change', {
        session,
        filePath: next(),
        before: next(),
        after: next(),
      })
      expect(
        await engine.dispatch(peer, 'capture.save', { session, commit: next().slice(0, 128) }),
      ).toMatchObject({
        saved: true,
        kept: 'repository',
        redacted: expect.any(Object),
      })
    }
    const written = (promptsIn(project) ?? []).map(({ text }) => text).join('\n')
    expect(written).toContain('[redacted:github-token]')
    // a YAML text of several lines is indented
    const plain = written.replace(/\n +/g, '\n')
    const leaked = [...new Set(secrets)].filter((secret) => plain.includes(secret))
    expect(leaked).toEqual([])
  })

  test('are replaced before a description is cut and a name is made', async () => {
    const { secret } = told(
      makers.find(([kind]) => kind === 'github classic') ?? ['', () => ({ secret: '' })],
      1,
    )
    const { session } = await start()
    await message(session, `${'w '.repeat(42)}${secret} tail`)
    const { session: first } = await start()
    await message(first, `${secret} leads the question`)
    await engine.dispatch(peer, 'capture.saveRepository', { repository: project })
    const saved = promptsIn(project) ?? []
    const description = saved.find(({ metadata }) => metadata.sessionId === session)?.description
    expect(description).toBe(`${`${'w '.repeat(42)}[redacted:github-token]`.slice(0, 100)}...`)
    for (const { text, id } of saved) {
      expect(text).not.toContain(secret.slice(0, 12))
      expect(id).not.toContain(secret.slice(4, 12).toLowerCase())
    }
    expect(saved.map(({ id }) => id)).toContain('redactedgithubtoken-leads-the')
  })

  test('are left where the settings leave them', async () => {
    settings.privacy.maskSensitiveData = false
    const { secret } = told(makers[0] ?? ['', () => ({ secret: '' })], 3)
    const { session } = await start()
    await message(session, `use ${secret} please`)
    expect(await engine.dispatch(peer, 'capture.save', { session })).not.toHaveProperty('redacted')
    expect(promptsIn(project)?.[0]?.text).toContain(secret)
  })
})

describe('at the same time', () => {
  test('a message that comes while its session is saved is in the file, or the session stays', async () => {
    for (let round = 0; round < 40; round++) {
      const { session } = await start()
      await message(session, `round number${round} begins`)
      const saving = engine.dispatch(peer, 'capture.save', { session })
      for (let turn = 0; turn < round % 20; turn++) await new Promise((resolve) => setImmediate(resolve))
      const late = message(session, 'a late word')
      await saving
      const { stored } = await late
      const file = promptsIn(project)?.find(({ metadata }) => metadata.sessionId === session)
      const inFile = file?.content.includes('a late word') ?? false
      const stays = (await activeIds()).includes(session)
      expect({ round, kept: inFile || stays }).toEqual({ round, kept: stored })
      await engine.dispatch(peer, 'capture.save', { session })
    }
    expect(await activeIds()).toEqual([])
    expect(join(project, '.prompts')).toBeString()
  })
})
