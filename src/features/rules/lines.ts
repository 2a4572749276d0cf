// Each rule's line: the consumer that hands it its events, and the action that is run with them.

import type { Database } from 'bun:sqlite'
import { actionPrefix } from '../../protocol/actions.ts'
import { PaidError } from '../../protocol/error.ts'
import { limits } from '../../protocol/limits.ts'
import { type Rule, rulePrefix } from '../../protocol/rules.ts'
import type { Listener } from '../../core/bus.ts'
import {
  type Consumer,
  type ConsumerRow,
  countAside,
  findConsumer,
  openConsumer,
  type Verdict,
} from '../../core/consumer.ts'
import type { Dispatch } from '../../core/dispatch.ts'
import { accepts } from '../../core/filter.ts'
import type { Ground } from '../../core/ground.ts'
import type { LogEvent } from '../../core/log-event.ts'
import { createPeer, endPeer } from '../../core/peer.ts'
import { causeOf, isCaused, isCausedBy } from './cause.ts'
import { filtersOf, questionOf } from './question.ts'
import { allRules, findRule, placeOf, type RuleRow, told } from './rows.ts'
import { shown } from './show.ts'

export type Line = { rule: RuleRow; consumer: Consumer; close: () => Promise<void> }
export type Lines = ReturnType<typeof createLines>

export const createLines = ({ log, bus, clock, steady, logger }: Omit<Ground, 'database'>) => {
  const lines = new Map<string, Line>()
  /** undefined until it has begun */
  let dispatch: Dispatch | undefined
  let closed = false

  const run = async ({ namespace, definition }: RuleRow, event: LogEvent): Promise<void> => {
    const { name, do: action, timeout } = definition
    if (!dispatch) throw new PaidError('stopping')
    const cause = causeOf(name, event)
    const peer = createPeer(`${rulePrefix}${name}`, 'write', namespace, undefined, cause)
    try {
      const asked = { name: action, args: event.toJSON(), cause, ...(timeout !== undefined && { timeout }) }
      await dispatch(peer, 'action.run', asked)
    } finally {
      endPeer(peer)
    }
  }

  const open = (rule: RuleRow, row: ConsumerRow, after?: Promise<void>): void => {
    const { namespace, name, definition } = rule
    const asks = questionOf(definition.filter)
    const handle = async (event: LogEvent): Promise<Verdict> => {
      if (isCaused(event) && (await log.read((reader) => isCausedBy(reader, name, event)))) return 'skipped'
      if (asks && !asks({ ...event.toJSON() })) return 'skipped'
      await run(rule, event)
      return 'handled'
    }
    const consumer = openConsumer({
      log,
      bus,
      clock,
      steady,
      logger,
      place: placeOf(rule),
      row,
      after,
      filters: filtersOf(namespace, definition.on),
      retries: definition.retries,
      paused: rule.paused,
      handle,
      onSetAside: (transaction, event, { attempts, message }) => {
        const data = { event: event.id, attempts, error: message, cause: causeOf(name, event) }
        transaction.append(told(rule, 'rule.set_aside', data, `${rulePrefix}${name}`))
      },
    })
    // an action that was mended is tried at once
    const mended: Listener = {
      filter: {
        namespace,
        patterns: [{ name: `${actionPrefix}${definition.do}`, prefix: false }],
        type: 'action.added',
      },
      own: true,
      offer: (event) => {
        if (accepts(mended.filter, event)) consumer.hurry()
      },
    }
    bus.add(mended)
    const close = (): Promise<void> => {
      bus.remove(mended)
      return consumer.close()
    }
    lines.set(keyOf(namespace, name), { rule, consumer, close })
  }

  /** What is on disk of a rule is what runs. */
  const reopen = (namespace: string, name: string): Promise<void> =>
    log.read((reader) => {
      const left = lines.get(keyOf(namespace, name))?.close()
      lines.delete(keyOf(namespace, name))
      const rule = findRule(reader, namespace, name)
      const row = rule && findConsumer(reader, placeOf(rule))
      if (rule && row && dispatch && !closed) open(rule, row, left)
    })

  const lineOf = (namespace: string, name: string): Line => {
    const line = lines.get(keyOf(namespace, name))
    if (line) return line
    if (!dispatch) throw new PaidError('stopping')
    throw new PaidError(
      'not_found',
      `There is no rule ${JSON.stringify(name)}`,
      '`paid rules list` names them.',
    )
  }

  const show = async ({ rule, consumer }: Line): Promise<Rule> => {
    const backlog = await consumer.backlog(limits.ruleBacklog)
    const aside = await log.read((reader) => countAside(reader, placeOf(rule)))
    const { state, triesAt } = consumer
    return shown(rule, consumer.row, { state, triesAt, backlog, setAside: aside })
  }

  return {
    run,
    reopen,
    show,

    get size(): number {
      return lines.size
    },
    find: (namespace: string, name: string): Line | undefined => lines.get(keyOf(namespace, name)),

    /** Throws `not_found`. */
    of: lineOf,

    ofNamespace: (namespace: string): Line[] =>
      [...lines.values()].filter(({ rule }) => rule.namespace === namespace),

    /** Every rule goes on where the run before ended. */
    begin: (database: Database, own: Dispatch): void => {
      dispatch = own
      for (const rule of allRules(database)) {
        const row = findConsumer(database, placeOf(rule))
        if (row) open(rule, row)
      }
    },

    /** Nothing begins any more; what has begun is begun again by the next run. */
    close: (): void => {
      closed = true
      for (const { close } of lines.values()) void close()
    },
  }
}

/** \n cannot occur in a namespace or a name */
const keyOf = (namespace: string, name: string): string => `${namespace}\n${name}`
