// The capture room against a model that never reads the database: whatever tools say, in whatever order, with saves,
// stops and crashes between, the active sessions, their counts and the files on disk are those of the model.

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { createPeer } from '../../src/core/peer.ts'
import { promptsIn } from '../support/capture.ts'
import { type Engine, openEngine, temporaryFolder } from '../support/engine.ts'
import { openGitFolder } from '../support/git.ts'

const peers = ['', 'kanban'].map((namespace) =>
  createPeer('test:tool', 'write', namespace, {
    blocked: false,
    empty: async () => {},
    send: () => {},
    lagged: () => {},
  }),
)

type Known = {
  id: string
  peer: number
  place: number
  messages: string[]
  changes: number
  /** messages and changes that are in the file */
  inFile: { messages: number; changes: number; versions: number } | undefined
  active: boolean
}

type Step =
  | { do: 'start'; peer: number; place: number }
  | { do: 'message'; which: number; text: string }
  | { do: 'change'; which: number; text: string }
  | { do: 'save'; which: number }
  | { do: 'saveAll'; peer: number; place: number }
  | { do: 'stop' }
  | { do: 'crash'; which: number; turns: number }

const which = fc.nat(30)
/** two repositories, a subfolder of the second, and no repository */
const place = fc.nat(3)
const peer = fc.nat(1)
const text = fc.oneof(fc.constantFrom('same words here', 'other words here', '', ': "\n---\n'), fc.string())
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('start' as const), peer, place }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constantFrom('message' as const, 'change' as const), which, text }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('save' as const), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('saveAll' as const), peer, place }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('stop' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('crash' as const), which, turns: fc.nat(60) }),
  },
)

let at: ReturnType<typeof openGitFolder>
let places: string[]
beforeAll(async () => {
  at = openGitFolder()
  const [one, two] = [await at.repository('one'), await at.repository('two')]
  places = [one, two, join(two, 'sub'), at.home]
})
afterAll(() => at[Symbol.dispose]())

/** 0 and 1; undefined for none */
const repositoryAt = (place: number): number | undefined => (place === 3 ? undefined : Math.min(place, 1))

const play = async (steps: readonly Step[]): Promise<void> => {
  using folder = temporaryFolder()
  for (const repository of places.slice(0, 2))
    rmSync(join(repository, '.prompts'), { recursive: true, force: true })
  let engine: Engine = openEngine(folder.path)
  const known: Known[] = []
  const pick = (n: number): Known | undefined => known[n % known.length]
  const by = (n: number) => peers[n] ?? expect.unreachable()

  /** What a save of it does to the model. */
  const saved = (one: Known, stays = false): boolean => {
    if (!one.active || one.messages.length === 0) return false
    one.active = stays
    const { messages, changes, inFile } = one
    if (repositoryAt(one.place) !== undefined)
      one.inFile = { messages: messages.length, changes, versions: (inFile?.versions ?? 0) + 1 }
    return true
  }

  const isChanged = ({ messages, changes, inFile }: Known): boolean =>
    inFile === undefined || inFile.messages !== messages.length || inFile.changes !== changes

  const take = async (next: Step): Promise<void> => {
    if (next.do === 'start') {
      const params = { tool: 'cursor', metadata: { cwd: places[next.place] } }
      const { session } = await engine.dispatch(by(next.peer), 'capture.start', params)
      const { peer: of, place: where } = next
      known.push({
        id: session,
        peer: of,
        place: where,
        messages: [],
        changes: 0,
        inFile: undefined,
        active: true,
      })
    } else if (next.do === 'message' || next.do === 'change') {
      const one = pick(next.which)
      if (!one) return
      const answer =
        next.do === 'message'
          ? engine.dispatch(by(one.peer), 'capture.message', {
              session: one.id,
              role: 'user',
              content: next.text,
            })
          : engine.dispatch(by(one.peer), 'capture.change', {
              session: one.id,
              filePath: 'a.ts',
              after: next.text,
            })
      expect(await answer).toEqual({ stored: one.active })
      if (one.active && next.do === 'message') one.messages.push(next.text)
      if (one.active && next.do === 'change') one.changes++
    } else if (next.do === 'save') {
      const one = pick(next.which)
      if (!one) return
      const answer = await engine.dispatch(by(one.peer), 'capture.save', { session: one.id })
      expect(answer.saved).toBe(saved(one))
    } else if (next.do === 'saveAll') {
      const repository = repositoryAt(next.place)
      const answer = await engine.dispatch(by(next.peer), 'capture.saveRepository', {
        repository: places[next.place] ?? '',
      })
      const meant = known.filter((one) => one.peer === next.peer && repositoryAt(one.place) === repository)
      expect(answer).toEqual({ saved: meant.filter((one) => saved(one)).length, failed: 0 })
    } else if (next.do === 'stop') {
      await engine.end()
      for (const one of known) if (isChanged(one)) saved(one, true)
      engine = openEngine(folder.path)
    } else {
      const one = pick(next.which)
      const saving =
        one && engine.dispatch(by(one.peer), 'capture.save', { session: one.id }).catch(() => undefined)
      for (let turn = 0; turn < next.turns; turn++) await new Promise((resolve) => setImmediate(resolve))
      engine.close()
      await saving
      engine = openEngine(folder.path)
      if (!one) return
      // what was begun is done again before anything else is done with it; then one may look which it was
      const { sessions } = await engine.dispatch(by(one.peer), 'capture.list', {})
      const rows = engine.database.query<{ save: string | null }, [string]>(
        'SELECT save FROM captures WHERE id = ?',
      )
      const row = rows.get(one.id)
      if (!sessions.some(({ id }) => id === one.id) || row?.save !== null) {
        await engine.dispatch(by(one.peer), 'capture.save', { session: one.id })
        saved(one)
      }
    }
  }
  const check = async (): Promise<void> => {
    for (const [n, each] of peers.entries()) {
      const mine = known.filter((one) => one.active && one.peer === n)
      const { sessions } = await engine.dispatch(each, 'capture.list', {})
      expect(
        sessions.map(({ id, messages, changes }) => [
          id,
          messages.map(({ content }) => content),
          changes.length,
        ]),
      ).toEqual(mine.map(({ id, messages, changes }) => [id, messages, changes]))
      const { active, folders } = await engine.dispatch(each, 'capture.status', {})
      expect(active).toBe(mine.length)
      expect(Object.values(folders).reduce((sum, count) => sum + count, 0)).toBe(mine.length)
    }
    for (const [n, repository] of places.slice(0, 2).entries()) {
      const files: unknown[][] = (promptsIn(repository) ?? []).map(
        ({ metadata, versions, commitMessage }) => [metadata.sessionId, versions, commitMessage],
      )
      const meant = known.filter(({ place: where, inFile }) => inFile && repositoryAt(where) === n)
      const said: unknown[][] = meant.map(({ id, inFile }) => [
        id,
        inFile?.versions,
        `Auto-captured from cursor (${inFile?.messages} messages)`,
      ])
      const inOrder = (a: readonly unknown[], b: readonly unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1)
      expect(files.toSorted(inOrder)).toEqual(said.toSorted(inOrder))
    }
  }

  try {
    for (const next of steps) {
      await take(next)
      await check()
    }
  } finally {
    engine.close()
  }
}

test('whatever is said, saved, stopped and killed, it is what the model says', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }), play), {
    numRuns: 60,
  })
}, 120_000)
