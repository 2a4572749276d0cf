// What sessions that were started elsewhere ask leave for: a hook of theirs waits here while the dialog is open in their
// terminal. Whoever answers first decides, there or here, and the others learn who it was.
//
// Promises: nothing but an answer is an answer. A hook that goes away, a daemon that stops, a time-out: the dialog
// decides. That it was answered in the terminal is known by what the session does next, and by its own file.

import { sessionPrefix } from '../../../protocol/channel.ts'
import { PaidError } from '../../../protocol/error.ts'
import type { Decision } from '../../../protocol/hooks.ts'
import { filterOf } from '../../../core/filter.ts'
import type { LogEvent } from '../../../core/log-event.ts'
import type { Peer } from '../../../core/peer.ts'
import { aliveIn } from '../alive.ts'
import { daemonName } from '../diary.ts'
import type { Told } from '../told.ts'
import type { SessionsGround } from '../ground.ts'
import { endLeftAsking } from './left-asking.ts'
import { type Fields, fieldsIn, isFields, textIn } from '../line.ts'
import { type Answer, createPermissions } from '../permissions.ts'
import { createWithholding } from '../withholding.ts'

/** the file of a session is looked into so often while it asks for something */
const lookEveryMs = 500

const inTerminal = 'It was answered in the terminal'

/** One that waits. */
type Asking = {
  id: string
  request: string
  tool: string
  input: Fields
  /** the agent inside the session that asks; undefined: the session itself */
  agent: string | undefined
  at: number
  /** its file said that it waits for this */
  sawDialog: boolean
  settle: (decision: Decision | undefined) => void
  listener: {
    readonly own: true
    readonly filter: ReturnType<typeof filterOf>
    readonly offer: (event: LogEvent) => void
  }
}

export type Wanted = {
  id: string
  tool: string
  input: Fields
  suggestions?: readonly unknown[] | undefined
  agent?: string | undefined
}

export type HeardPermissions = ReturnType<typeof createHeardPermissions>

export const createHeardPermissions = ({
  log,
  bus,
  clock,
  steady,
  logger,
  claudeFolder,
  isExcluded,
}: Pick<SessionsGround, 'log' | 'bus' | 'clock' | 'steady' | 'logger' | 'claudeFolder' | 'isExcluded'>) => {
  const withhold = createWithholding(isExcluded)
  const permissions = createPermissions(clock)
  const asking = new Map<string, Asking>()
  let callOff: (() => void) | undefined
  let spent: LogEvent | undefined

  const tell = (id: string, told: Told): Promise<unknown> => {
    withhold(told)
    return log.append({
      namespace: '',
      channel: `${sessionPrefix}${id}`,
      type: told.type,
      by: told.by ?? daemonName,
      dataText: JSON.stringify(told.data),
    })
  }

  const forget = ({ request, listener }: Asking): void => {
    asking.delete(request)
    bus.remove(listener)
  }

  /** Nobody is to answer it any more. */
  const cancel = (each: Asking, why: string, by?: string): void => {
    const told = permissions.cancel(each.request, why, by)
    if (!told) return
    forget(each)
    each.settle(undefined)
    tell(each.id, told).catch((error: unknown) => {
      logger.warn('that nobody is to answer any more could not be noted', { session: each.id, error })
    })
  }

  /** What an event of the session tells of what it asked for. */
  const hear = (each: Asking, event: LogEvent): void => {
    const { type, data } = event
    if (!isFields(data) || (event.occurredAt ?? event.at) < each.at) return
    if (type === 'SessionEnd') return cancel(each, 'The session has ended', 'claude')
    if (textIn(data, 'agent_id') !== each.agent) return
    if (uses.has(type)) {
      // of two that ask for the very same it is one
      if (event === spent || !isOf(each, data)) return
      spent = event
    } else if (!ends.has(type) && !(type === 'SubagentStop' && each.agent !== undefined)) return
    cancel(each, inTerminal, 'the terminal')
  }

  /** Whether the dialog is gone that the session's own file told of. */
  const look = (): void => {
    callOff = undefined
    if (asking.size === 0) return
    const alive = aliveIn(claudeFolder)
    for (const each of asking.values()) {
      const status = alive.get(each.id)?.status
      if (status === 'waiting') each.sawDialog = true
      else if (each.sawDialog && status !== undefined) cancel(each, inTerminal, 'the terminal')
    }
    watch()
  }

  const watch = (): void => {
    if (asking.size > 0) callOff ??= steady.wake(steady.now() + lookEveryMs, look)
  }

  endLeftAsking(log).catch((error: unknown) => {
    logger.warn('what was asked for when the daemon died could not be looked for', { error })
  })

  const openOf = (id: string) => permissions.open.filter(({ request }) => asking.get(request)?.id === id)

  return {
    /** Those that wait for an answer, the oldest first. */
    openOf,

    /** Undefined when nobody answers, and the dialog decides. Waits as long as its caller is there. */
    ask: async (wanted: Wanted, peer: Pick<Peer, 'onEnd'>): Promise<Decision | undefined> => {
      const { id, tool, input, suggestions, agent } = wanted
      const request = crypto.randomUUID()
      const { promise, resolve } = Promise.withResolvers<Decision | undefined>()
      const told = permissions.ask(request, {
        tool_name: tool,
        input,
        permission_suggestions: suggestions,
      })
      const each: Asking = {
        id,
        request,
        tool,
        input,
        agent,
        at: clock.now(),
        sawDialog: false,
        settle: resolve,
        listener: {
          own: true,
          filter: filterOf('', { channel: `${sessionPrefix}${id}` }),
          offer: (event) => hear(each, event),
        },
      }
      asking.set(request, each)
      bus.add(each.listener)
      try {
        await tell(id, told)
      } catch (error) {
        forget(each)
        permissions.cancel(request, 'It could not be noted')
        throw error
      }
      watch()
      const leave = peer.onEnd(() => cancel(each, 'Claude Code asks no more', 'the terminal'))
      try {
        return await promise
      } finally {
        leave()
      }
    },

    /** Throws `not_found` when it never asked. */
    answer: async (
      id: string,
      named: string | undefined,
      answer: Answer,
      by: string,
    ): Promise<{ answered: boolean; by?: string }> => {
      look()
      const request = named ?? openOf(id)[0]?.request
      const each = request === undefined ? undefined : asking.get(request)
      if (request === undefined || (each && each.id !== id))
        throw new PaidError('not_found', 'The session asks for nothing', '`paid sessions` shows who waits.')
      const outcome = permissions.answer(request, answer, by)
      if (!outcome) throw new PaidError('not_found', `The session never asked for ${request}`, '')
      if ('first' in outcome) return { answered: false, by: outcome.first }
      if (each) {
        forget(each)
        // told first: an answer that is not kept is none
        try {
          await tell(id, outcome.told)
        } catch (error) {
          each.settle(undefined)
          throw error
        }
        each.settle(outcome.decision)
      }
      return { answered: true }
    },

    close: (): void => {
      callOff?.()
      for (const each of asking.values()) cancel(each, 'The daemon was stopped', daemonName)
    },
  }
}

/** the tools of one message are done, a turn is over, another begins: nothing that was asked before is open */
const ends = new Set(['PostToolBatch', 'Stop', 'StopFailure', 'UserPromptSubmit'])
const uses = new Set(['PostToolUse', 'PostToolUseFailure', 'PermissionDenied'])

const isOf = ({ tool, input }: Asking, data: Fields): boolean =>
  textIn(data, 'tool_name') === tool && Bun.deepEquals(fieldsIn(data, 'tool_input'), input)
