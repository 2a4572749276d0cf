// Steps of random life, done to the real locks room and to the model at once: callers take, keep, give back, wait and
// vanish; time passes, stands still and jumps; the process is killed and starts again on what is on disk. Whatever
// the room answers, tells and writes must be what the model says. One run is one daemon's life.

import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { PaidError } from '../../src/protocol/error.ts'
import { endPeer, type Peer } from '../../src/core/peer.ts'
import { draftOf, type Engine, openEngine, temporaryFolder } from './engine.ts'
import { askInVain } from './lock-calls.ts'
import { checkEvents } from './lock-events.ts'
import { createLockModel, type Held, type Told } from './lock-model.ts'
import { type Call, peers, type Step } from './lock-steps.ts'
import { caller } from './locks-room.ts'
import { createMovedClocks } from './moved-clocks.ts'

/** somebody whom the room forgot is not waited for */
const answerWithinMs = 1500

/** Throws when the room and the model part. Resolves with how many steps were done, a call of a step being one. */
export const runLife = async (steps: readonly Step[]): Promise<number> => {
  using folder = temporaryFolder()
  const clocks = createMovedClocks()
  const model = createLockModel(() => ({ wall: clocks.wall, steady: clocks.steady }))
  /** the token of each grant that was told, and all of them in order */
  const tokens: number[] = []
  const answers = new Map<number, Promise<unknown>>()
  const early = new Set<number>()
  let lives = 0
  let done = 0

  const begin = (): Engine => {
    const home = join(folder.path, String(lives))
    mkdirSync(home, { recursive: true })
    return openEngine(home, { clock: clocks.clock, steady: clocks.process() })
  }
  /** SIGKILL takes nothing that was handed to the system, so no step waits for the disk. */
  const hurry = async (): Promise<void> => {
    await idle()
    engine.database.run('PRAGMA synchronous = OFF')
  }
  let engine = begin()
  let callers = peers.map((n) => caller(String(n)))
  /** Until what was begun is on disk, and what follows from that was begun and is on disk too. */
  const idle = async (): Promise<void> => {
    for (let round = 0; round < 2; round++) {
      // not a read: what is killed has mostly not written what follows from its last events
      await engine.log.emit(draftOf())
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  const fail = (what: string, ...values: unknown[]): never => {
    throw new Error(`${what}: ${values.map((value) => JSON.stringify(value)).join(' | ')}`)
  }
  const same = (what: string, found: unknown, expected: unknown): void => {
    if (!Bun.deepEquals(found, expected)) fail(what, found, expected)
  }

  /** Each grant has one token, larger than those of all that were told before it. */
  const checkToken = ({ grant }: Held, found: unknown, largest: number): void => {
    const known = tokens[grant]
    if (typeof found !== 'number') return fail('no token', found)
    if (known !== undefined) return same('token of a grant', found, known)
    if (found <= largest) fail('a token that did not grow', found, largest)
    if (tokens.includes(found)) fail('a token that two holders have', found)
    tokens[grant] = found
  }
  const checkHeld = (held: Held, found: object, largest: number): void => {
    const lock: Record<string, unknown> = { ...found }
    checkToken(held, lock['token'], largest)
    same(
      'holder',
      [lock['name'], lock['holder'], lock['acquiredAt']],
      [held.name, held.holder, held.acquiredAt],
    )
    same('lease', lock['lease'], held.bound === undefined ? 'holder' : 'connection')
    const left = Number(lock['expiresAt']) - clocks.wall - (held.deadline - clocks.steady)
    if (Math.abs(left) > 1000) fail('an end that is off', left)
  }
  const largestToken = (): number => tokens.reduce((most, each) => Math.max(most, each ?? 0), 0)

  /** Awaits what the model says is known by now, and nothing else. */
  const compare = async (): Promise<void> => {
    const largest = largestToken()
    for (const told of model.told()) {
      const answer = await within(answers.get(told.id), told)
      answers.delete(told.id)
      early.delete(told.id)
      check(told, answer, largest)
    }
    await idle()
    if (early.size > 0) fail('an answer that nobody expected', await answers.get([...early][0] ?? 0))
  }
  const within = async (answer: Promise<unknown> | undefined, told: Told): Promise<unknown> => {
    const late = Promise.withResolvers<unknown>()
    const timer = setTimeout(
      () => late.reject(new Error(`no answer: ${JSON.stringify(told)}`)),
      answerWithinMs,
    )
    return await Promise.race([answer, late.promise]).finally(() => clearTimeout(timer))
  }
  const check = (told: Told, answer: unknown, largest: number): void => {
    if ('refused' in told) return same('refusal', answer instanceof PaidError && answer.code, told.refused)
    if (typeof answer !== 'object' || answer === null) return fail('no answer', answer)
    const { acquired, reason, holder, acquiredAt }: Record<string, unknown> = { ...answer }
    if (acquired !== told.acquired) fail('another outcome', answer, told)
    if (told.acquired) checkHeld(told.held, answer, largest)
    else same('refusal', [holder, acquiredAt, reason], [told.holder, told.acquiredAt, told.reason])
  }

  /** Sends one call to both; its answer is checked when the others of its step were sent. */
  const send = (one: Call): (() => Promise<void>) => {
    done++
    const from = callers['peer' in one ? one.peer : 0] ?? fail('no peer')
    const ask = (method: string, params: object): Promise<unknown> => {
      const answer = engine.dispatch(from, method, params).catch((error: unknown) => error)
      return answer
    }
    if (one.do === 'acquire') {
      const { name, ttl, wait, bound } = one
      const id = model.acquire({
        name,
        holder: one.holder ?? ownName(from),
        ttl,
        wait,
        bound,
        peer: from.id,
      })
      const lease = bound ? 'connection' : 'holder'
      const answer = ask('lock.acquire', {
        name,
        ttl,
        wait,
        lease,
        ...(one.holder && { holder: one.holder }),
      })
      answers.set(id, answer)
      void answer.then(() => answers.has(id) && early.add(id))
      return async () => {}
    }
    if (one.do === 'get') {
      const held = model.peek(one.name)
      const line = model.waiting(one.name)
      const answer = ask('lock.get', { name: one.name })
      return async () => {
        const found = (await answer) as { lock: object | null; line: number }
        if ((held === undefined) !== (found.lock === null)) fail('held or not', found, held)
        if (held && found.lock) checkHeld(held, found.lock, largestToken())
        same('line', found.line, line)
      }
    }
    if (one.do === 'list') {
      const expected = model
        .list()
        .map((held) => held.name)
        .toSorted()
      const answer = ask('lock.list', {})
      return async () => {
        const { locks } = (await answer) as { locks: { name: string }[] }
        same(
          'list',
          locks.map((lock) => lock.name),
          expected,
        )
      }
    }
    if (one.do === 'break') {
      const expected = model.release(one.name, () => true, 'lock.broken')
      const answer = ask('lock.break', { name: one.name, why: 'to see' })
      return async () => same('break', ((await answer) as { broken: boolean }).broken, expected)
    }
    if (one.do === 'transfer') {
      const expected = model.transfer(one.name, one.from, one.to, from.id)
      const largest = largestToken()
      const answer = ask('lock.transfer', { name: one.name, holder: one.from, to: one.to })
      return async () => {
        const found = (await answer) as { transferred: boolean }
        same('transfer', found.transferred, expected !== undefined)
        if (expected) checkHeld(expected, found, Math.min(largest, tokens[expected.grant] ?? largest))
      }
    }
    const known = tokensOf(one.name)
    const shown = one.token === 'last' ? known.at(-1) : one.token === 'older' ? known.at(-2) : undefined
    const allowed = (held: Held): boolean => {
      if (shown !== undefined && tokens[held.grant] !== shown) return false
      if (one.holder !== undefined) return held.holder === one.holder
      return shown !== undefined || held.holder === ownName(from)
    }
    const proof = { ...(one.holder && { holder: one.holder }), ...(shown !== undefined && { token: shown }) }
    if (one.do === 'renew') {
      const expected = model.renew(one.name, allowed, one.ttl)
      const answer = ask('lock.renew', { name: one.name, ...proof, ...(one.ttl && { ttl: one.ttl }) })
      return async () => {
        const found = (await answer) as { renewed: boolean }
        same('renew', found.renewed, expected !== undefined)
        if (expected) checkHeld(expected, found, largestToken())
      }
    }
    const expected = model.release(one.name, allowed)
    const answer = ask('lock.release', { name: one.name, ...proof })
    return async () => same('release', ((await answer) as { released: boolean }).released, expected)
  }
  const tokensOf = (of: string): number[] =>
    (model.history.get(of) ?? [])
      .filter(({ type }) => type === 'lock.acquired')
      .flatMap(({ grant }) => tokens[grant] ?? [])

  const sendAll = async (calls: readonly Call[]): Promise<void> => {
    // a read that comes while writes are under way sees what they wrote
    const checks = calls.toSorted((a, b) => Number(isRead(a)) - Number(isRead(b))).map(send)
    await compare()
    for (const each of checks) await each()
  }

  /** The model settles at every instant at which something is due, as the room is woken. */
  const pass = async (span: number): Promise<void> => {
    const until = clocks.steady + span
    for (;;) {
      const due = model.due()
      if (due === undefined || due > until) break
      await clocks.pass(Math.max(0, due - clocks.steady), idle)
      model.settle()
      await clocks.wake(idle)
      await compare()
    }
    await clocks.pass(until - clocks.steady, idle)
    await compare()
  }

  const startAgain = async (rebooted: boolean): Promise<void> => {
    answers.clear()
    early.clear()
    callers = peers.map((n) => caller(String(n)))
    engine = begin()
    model.restart(rebooted)
    model.settle()
    await hurry()
    await clocks.wake(idle)
    await compare()
  }
  /** What is on disk now is all that is left, as after SIGKILL. */
  const kill = (): void => {
    const from = join(folder.path, String(lives))
    const to = join(folder.path, String(++lives))
    mkdirSync(to)
    for (const part of ['paid.db', 'paid.db-wal'])
      if (existsSync(join(from, part))) copyFileSync(join(from, part), join(to, part))
    engine.close()
  }

  try {
    await hurry()
    for (const one of steps) {
      if (one.do !== 'calls') done++
      if (one.do === 'calls') await sendAll(one.calls)
      else if (one.do === 'pass') await pass(one.ms)
      else if (one.do === 'busy') {
        clocks.move(one.ms)
        await sendAll(one.calls)
        model.settle()
        await clocks.wake(idle)
        await compare()
      } else if (one.do === 'jump') clocks.jump(one.ms)
      else if (one.do === 'leave') {
        const gone = callers[one.peer] ?? fail('no peer')
        callers[one.peer] = caller(String(one.peer))
        model.endOf(gone.id)
        endPeer(gone)
        await idle()
        await compare()
      } else if (one.do === 'kill') {
        for (const each of one.inFlight) void askInVain(engine, callers, each)
        kill()
        clocks.move(one.downMs)
        await startAgain(false)
      } else if (one.do === 'restart') {
        engine.close()
        clocks.move(one.downMs)
        await startAgain(false)
      } else {
        kill()
        clocks.reboot(one.offMs)
        await startAgain(true)
      }
    }
    checkEvents(engine, model.history, tokens, same)
  } finally {
    engine.close()
  }
  return done
}

const isRead = (one: Call): boolean => one.do === 'get' || one.do === 'list'

/** the name that a caller has who gives none */
const ownName = ({ by, id }: Peer): string => `${by}#${id}`
