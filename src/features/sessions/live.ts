// One managed session while its process runs: what goes in, one turn at a time, and what comes out, told in its order.
// Its status is final once it has ended, and so is whatever waited for it. In live/ stand its parts: the process (child),
// what its lines mean (hearing), its turns and their cost.

import { PaidError } from '../../protocol/error.ts'
import type { EndStatus, SessionStatus } from '../../protocol/sessions.ts'
import { soon } from '../../lib/soon.ts'
import { endGroup } from '../../lib/ended-group.ts'
import { createAnswers } from './live/answers.ts'
import { type Child, type Ended, failureOf, hopeless } from './live/child.ts'
import { conversations } from './conversations.ts'
import { createDiary } from './diary.ts'
import type { Told } from './told.ts'
import { createHearing } from './live/hearing.ts'
import type { SessionsGround, Times } from './ground.ts'
import { createGuarding, guardHooks } from './live/guarding.ts'
import { type Answer, createPermissions } from './permissions.ts'
import { createQueue, type Message, uuidOf } from './queue.ts'
import { queued, receipt } from './receipts.ts'
import { inbox, isOver, type Managed } from './rows.ts'
import { account, beginTurn, endOf, lineOf, startedOf, type Turn, type TurnEnd } from './live/turns.ts'

/** an interrupted turn is given so long to end before its session is */
const interruptMs = 50
/** a session that was killed and still is there is told of as ended */
const hopelessMs = 3000
const restMs = 500

export type Live = ReturnType<typeof createLive>

export const createLive = ({
  ground: { log, logger, clock, steady, checkGuards, isExcluded },
  managed,
  cause,
  times,
  onEnd,
}: {
  ground: SessionsGround
  /** its row, which changes from now on */
  managed: Managed
  cause: string | undefined
  times: Times
  onEnd: () => void
}) => {
  const diary = createDiary({ log, logger, isExcluded, cause, managed: () => managed })
  const { begin: tellFirst, tell, show, written } = diary
  const queue = createQueue()
  const permissions = createPermissions(clock)
  const place = { namespace: managed.namespace, id: managed.id }
  const answers = createAnswers()
  const gone = Promise.withResolvers<void>()
  /** notes that it was given and has read with no turn yet */
  const unread: Message[] = []
  const givenNotes = new Set<string>()
  let turn: Turn | undefined
  let ready = false
  let child: Child | undefined
  let ending: { status: EndStatus; why: string | undefined } | undefined
  let groupEnd: Promise<void> | undefined
  let callOff = (): void => {}
  let onTurnEnd = (): void => {}

  /** What it is given is on disk first. */
  const say = (line: object): void => void written().then(() => child?.write(line))

  const control = (request: object): void =>
    say({ type: 'control_request', request_id: crypto.randomUUID(), request })

  const statusNow = (): SessionStatus => {
    if (!ready) return 'initializing'
    if (permissions.open.length > 0) return 'waiting'
    return turn ? 'running' : 'idle'
  }

  /** Tells it, and its status when it is another now. */
  const note = (told: Told[], more?: Parameters<typeof tell>[1]): Promise<void> => {
    const status = statusNow()
    if (!ending && !isOver(managed.status) && status !== managed.status) {
      managed.status = status
      const turns = told.findIndex(({ type }) => type === 'turn.started')
      told.splice(turns === -1 ? told.length : turns, 0, { type: 'session.status', data: { status } })
      callOff()
      if (status === 'idle' && times.idleMs > 0)
        callOff = steady.wake(steady.now() + times.idleMs, () => void stop('completed', 'It was idle'))
    }
    return told.length === 0 ? written() : tell(told, more)
  }

  const pump = (told: Told[] = []): void => {
    if (ready && !turn && !ending && !isOver(managed.status)) {
      const message = queue.take()
      const notes = queue.takeNotes()
      for (const each of [...notes, ...(message ? [message] : [])])
        told.push(receipt('delivered', each, { how: 'stdin' }))
      unread.push(...notes)
      for (const each of notes) givenNotes.add(uuidOf(each))
      if (message) {
        turn = beginTurn(steady, message)
        managed.turns++
        told.push(startedOf(turn))
      }
      void note(told)
      for (const each of notes) say(lineOf(each))
      if (message) say(lineOf(message))
    } else void note(told)
  }

  /** The open turn; what comes without one begins its own. */
  const turnNow = (told: Told[]): Turn => {
    if (!turn) {
      turn = beginTurn(steady)
      managed.turns++
      told.push(startedOf(turn))
    }
    return turn
  }

  const seen = (of: Turn): void => {
    if (of.seen) return
    of.seen = true
    // one that comes before Claude has begun with it is passed over
    if (of.interrupted) control({ subtype: 'interrupt' })
    const all = [...unread.splice(0), ...(of.message ? [of.message] : [])]
    if (all.length === 0) return
    const told = all.map((each) => receipt('seen', each, { turn: of.id }))
    void note(told, (database) => {
      for (const { id } of all) inbox.remove(database, place, id)
    })
  }

  const finish = (end: TurnEnd): void => {
    const told = permissions.cancelAll('The turn is over')
    told.push(...account(managed, turn, end))
    turn = undefined
    onTurnEnd()
    answers.give(end)
    pump(told)
  }

  /** It has answered the first thing it was asked. */
  const begin = (): void => {
    ready = true
    callOff()
    pump()
  }

  const guarding = createGuarding(checkGuards, managed, say)
  const hear = createHearing({
    managed,
    permissions,
    guarding,
    steady,
    answerMs: times.answerMs,
    turn: () => turn,
    isNote: (uuid) => givenNotes.has(uuid),
    hasUnread: () => unread.length > 0,
    turnNow,
    seen,
    finish,
    begin: () => {
      if (!ready) begin()
    },
    clear: (conversation) => void note(...conversations.begin(managed, conversation)),
    note,
    say,
    show,
  })

  /** Everything that waited is told how it ended, and the end itself, in one go. */
  const close = async ({ exitCode, signal, stderr }: Ended): Promise<void> => {
    if (isOver(managed.status)) return gone.promise
    const status = ending?.status ?? (exitCode === 0 ? 'completed' : 'failed')
    const error = status === 'failed' ? (ending?.why ?? failureOf({ exitCode, signal, stderr })) : undefined
    const told = permissions.cancelAll('The session has ended')
    const unseen = [...(turn?.message && !turn.seen ? [turn.message] : []), ...unread, ...queue.takeAll()]
    if (turn) {
      const line = { subtype: 'ended', result: error ?? 'The session has ended' }
      const end = endOf(turn, line, { costUsd: 0, durationMs: steady.now() - turn.begunAt })
      told.push(...account(managed, turn, end))
    }
    told.push(...unseen.map((each) => receipt('expired', each)))
    turn = undefined
    callOff()
    guarding.cancelAll()
    Object.assign(managed, {
      status,
      error: error ?? null,
      endedAt: clock.now(),
      pid: null,
      processStart: null,
    })
    const data = { status, ...(ending?.why !== undefined && { why: ending.why }), exitCode, signal, stderr }
    await tell([...told, { type: 'session.ended', data }], (database) => {
      for (const { id } of unseen) inbox.remove(database, place, id)
    })
    answers.close()
    onEnd()
    gone.resolve()
  }

  const stop = async (status: EndStatus, why?: string, withinMs = times.stopMs): Promise<void> => {
    if (isOver(managed.status)) return
    if (ending || !child) return gone.promise
    ending = { status, why }
    callOff()
    const began = steady.now()
    if (turn) {
      turn.interrupted = true
      control({ subtype: 'interrupt' })
      const over = new Promise<void>((resolve) => (onTurnEnd = resolve))
      await soon(over, Math.min(interruptMs, withinMs))
    }
    child.end()
    groupEnd = endGroup(child.pid, Math.max(0, withinMs - (steady.now() - began)), true)
    await groupEnd
    await Promise.race([gone.promise, Bun.sleep(hopelessMs).then(() => close(hopeless))])
  }

  return {
    managed,
    permissions,
    get queued(): number {
      return queue.size
    },
    /** Throws `storage_full`: then it is none. */
    tellFirst,
    take: async (lines: string[]): Promise<void> => {
      hear(lines)
      await written()
    },

    /** Its process runs from now on. */
    attach: (started: Child): void => {
      child = started
      managed.pid = started.pid
      managed.processStart = started.processStart ?? null
      callOff = steady.wake(
        steady.now() + times.startMs,
        () => void stop('failed', `It did not begin within ${times.startMs / 1000} s`),
      )
      control({ subtype: 'initialize', hooks: guardHooks })
      void started.ended.then(async (ended) => {
        // what it started and left behind goes with it
        await (groupEnd ?? endGroup(started.pid, restMs))
        await close(ended)
      })
      void tell([])
    },
    /** It never ran. */
    abandon: (why: string): Promise<void> => {
      ending = { status: 'failed', why }
      return close({ exitCode: null, signal: null, stderr: '' })
    },

    /** Throws `busy`, `session_ended`. Resolves when it is kept. */
    send: async (message: Message): Promise<string | undefined> => {
      if (ending || isOver(managed.status)) throw endedError()
      queue.add(message, message.urgency === 'note' ? unread.length : 0)
      const { id, urgency } = message
      if (urgency !== 'note') answers.expect(id)
      const done = note([queued(message)], (database) => inbox.add(database, place, id))
      if (urgency === 'now' && turn) {
        turn.interrupted = true
        control({ subtype: 'interrupt' })
      } else pump()
      const given = turn?.message?.id === id ? turn.id : undefined
      await done
      return given
    },

    interrupt: (): boolean => {
      if (!turn || ending) return false
      turn.interrupted = true
      control({ subtype: 'interrupt' })
      return true
    },

    /** Undefined when it was never asked. Resolves when the answer is kept. */
    answer: async (request: string, answer: Answer, by: string) => {
      const answered = permissions.answer(request, answer, by)
      if (!answered || 'first' in answered) return answered
      const done = note([answered.told])
      say(answered.line)
      await done
      return { first: undefined }
    },

    /** Resolves with the end of the turn that holds it; undefined when it has none, or had it before. */
    answerTo: answers.to,

    /** Resolves when nothing of it runs any more. */
    stop,
  }
}

const endedError = (): PaidError => new PaidError('session_ended')
