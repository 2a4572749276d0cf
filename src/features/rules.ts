// THE RULES ROOM: what happens whenever an event of a kind is stored.
//
// Promises: each matching stored event runs the rule's action with the event as its arguments, at least once and in
// order, also after a restart or a kill; what fails is tried again, later and later, and is then set aside, told as
// `rule.set_aside`, and the line goes on. Never on an event that the rule itself caused, not through other rules
// either. A new rule begins with what comes after it. What it has not dealt with is counted and shown.
// Refuses: a second rule of one name, unless it is to replace the first; a filter that is none.

import { PaidError } from '../protocol/error.ts'
import { eventId, seqOfId } from '../protocol/event.ts'
import { limits } from '../protocol/limits.ts'
import {
  addConsumer,
  countAside,
  findConsumer,
  listAside,
  removeConsumer,
  saveConsumer,
  setAside,
  takeBack,
} from '../core/consumer.ts'
import type { Dispatch, HandlersFor } from '../core/dispatch.ts'
import type { Ground } from '../core/ground.ts'
import { createPeer } from '../core/peer.ts'
import { eventAt, seqOfCursor } from '../core/query.ts'
import { createLines, type Line } from './rules/lines.ts'
import { questionOf } from './rules/question.ts'
import { findRule, placeOf, putRule, removeRule, restRule, told } from './rules/rows.ts'

export type Rules = {
  handlers: (dispatch: Dispatch) => HandlersFor<'rule'>
  /** Goes on where the run before ended. */
  begin: (dispatch: Dispatch) => void
  /** Nothing begins any more; what has begun is begun again by the next run. */
  close: () => void
}

const shownAside = 100
const retriedAtOnce = 100

export const createRules = ({ log, bus, database, clock, steady, logger }: Ground): Rules => {
  const lines = createLines({ log, bus, clock, steady, logger })

  const rest = (namespace: string, name: string, by: string, paused: boolean): Promise<boolean> => {
    const { consumer } = lines.of(namespace, name)
    const type = paused ? 'rule.paused' : 'rule.resumed'
    return log
      .commit((transaction) => {
        const rule = findRule(transaction.database, namespace, name)
        if (!rule || rule.paused === paused) return false
        restRule(transaction.database, namespace, name, paused)
        transaction.append(told(rule, type, {}, by))
        return true
      })
      .then((changed) => {
        const line = lines.find(namespace, name)
        if (line) line.rule = { ...line.rule, paused }
        if (paused) consumer.pause()
        else consumer.resume()
        return changed
      })
  }

  /** Once more with an event that was set aside; what became of it. */
  const again = async (
    { rule }: Line,
    seq: number,
    drop: boolean,
    by: string,
  ): Promise<string | undefined> => {
    const place = placeOf(rule)
    const event = await log.read((reader) => eventAt(reader, seq))
    let error: string | undefined
    try {
      if (event && !drop) await lines.run(rule, event)
    } catch (thrown) {
      error = thrown instanceof Error ? thrown.message : String(thrown)
    }
    await log.commit((transaction) => {
      if (error !== undefined) {
        const [known] = listAside(transaction.database, place, 1, seq - 1)
        if (known?.seq !== seq) return
        const attempts = known.attempts + 1
        setAside(transaction.database, place, { seq, at: clock.now(), attempts, failure: error })
      } else if (takeBack(transaction.database, place, seq)) {
        const type = drop ? 'rule.dropped' : 'rule.retried'
        transaction.append(told(rule, type, { event: eventId(seq) }, by))
      }
    })
    return error
  }

  return {
    handlers: (dispatch) => ({
      'rule.add': async ({ since, replace, ...definition }, { namespace, by }) => {
        const { name } = definition
        questionOf(definition.filter)
        const start =
          since === undefined
            ? undefined
            : await log.read((reader) => Math.min(log.head, seqOfCursor(reader, since)))
        const place = placeOf({ namespace, name })
        const outcome = await log.commit((transaction) => {
          const known = findRule(transaction.database, namespace, name)
          const same = known !== undefined && Bun.deepEquals(known.definition, definition)
          if (same && start === undefined) return 'same'
          if (known && !replace)
            throw new PaidError(
              'name_taken',
              `There is a rule ${JSON.stringify(name)} already`,
              'Replace it (--replace), or remove it first.',
            )
          if (!known && lines.size >= limits.rules)
            throw new PaidError('bad_request', `There are ${limits.rules} rules already`, 'Remove one first.')
          const row = { namespace, name, definition, paused: false, by, addedAt: clock.now() }
          const { seq } = transaction.append(
            told(row, 'rule.added', { ...definition, replaced: known !== undefined }, by),
          )
          putRule(transaction.database, { ...row, paused: known?.paused ?? false })
          if (!known) addConsumer(transaction.database, place, start ?? seq)
          else {
            const before =
              lines.find(namespace, name)?.consumer.row ?? findConsumer(transaction.database, place)
            if (before)
              saveConsumer(transaction.database, place, {
                ...before,
                ...(start !== undefined && { cursor: start, failing: null, attempts: 0 }),
              })
          }
          return known ? 'replaced' : 'added'
        })
        if (outcome !== 'same') await lines.reopen(namespace, name)
        const reader = createPeer(by, 'read', namespace)
        const { action } = await dispatch(reader, 'action.get', { name: definition.do })
        return {
          added: outcome === 'added',
          replaced: outcome === 'replaced',
          action: action !== null,
          rule: await lines.show(lines.of(namespace, name)),
        }
      },

      'rule.list': async (_params, { namespace }) => {
        const rules = await Promise.all(lines.ofNamespace(namespace).map(lines.show))
        return { rules: rules.toSorted((a, b) => (a.name < b.name ? -1 : 1)) }
      },

      'rule.get': async ({ name }, { namespace }) => {
        const line = lines.find(namespace, name)
        if (!line) return { rule: null, aside: [] }
        const aside = await log.read((reader) => listAside(reader, placeOf(line.rule), shownAside))
        return {
          rule: await lines.show(line),
          aside: aside.map(({ seq, at, attempts, failure }) => ({
            event: eventId(seq),
            at,
            attempts,
            error: failure,
          })),
        }
      },

      'rule.pause': async ({ name }, { namespace, by }) => ({
        paused: await rest(namespace, name, by, true),
      }),

      'rule.resume': async ({ name }, { namespace, by }) => ({
        resumed: await rest(namespace, name, by, false),
      }),

      'rule.retry': async ({ name, event, drop }, { namespace, by }) => {
        const line = lines.of(namespace, name)
        const place = placeOf(line.rule)
        const seq = event === undefined ? undefined : seqOfId(event)
        const all = await log.read((reader) =>
          listAside(reader, place, retriedAtOnce, seq === undefined ? 0 : seq - 1),
        )
        const meant = event === undefined ? all : all.filter((aside) => aside.seq === seq).slice(0, 1)
        if (event !== undefined && meant.length === 0)
          throw new PaidError(
            'not_found',
            `${event} was not set aside`,
            `\`paid rules show ${name}\` lists what was.`,
          )
        const done: string[] = []
        const failed: { event: string; error: string }[] = []
        for (const aside of meant) {
          const error = await again(line, aside.seq, drop, by)
          if (error === undefined) done.push(eventId(aside.seq))
          else failed.push({ event: eventId(aside.seq), error })
        }
        return { done, failed, left: await log.read((reader) => countAside(reader, place)) }
      },

      'rule.remove': async ({ name }, { namespace, by }) => {
        const removed = await log.commit((transaction) => {
          const known = findRule(transaction.database, namespace, name)
          if (!known) return false
          removeRule(transaction.database, namespace, name)
          removeConsumer(transaction.database, placeOf(known))
          transaction.append(told(known, 'rule.removed', {}, by))
          return true
        })
        await lines.reopen(namespace, name)
        return { removed }
      },
    }),

    begin: (dispatch) => lines.begin(database, dispatch),
    close: lines.close,
  }
}
