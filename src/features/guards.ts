// THE GUARDS ROOM: files that no session touches without a lock.
//
// Promises: before a tool touches what a guard means, the session holds the guard's lock, or the tool is refused and the
// model learns who holds it and what to do. The lock is the session's own, `session:<id>`: it is kept while the session
// goes on, given back when its turn ends, and lapses when nothing more is heard of it. One that the session took
// itself is used and left alone. What is said while no daemon runs stands in a file that `paid hook` reads.
// Refuses: a pattern that no path could meet.

import { homedir } from 'node:os'
import { guardsMet, type Met } from '../lib/guarding.ts'
import { writeGuards } from '../lib/guards-file.ts'
import { PaidError } from '../protocol/error.ts'
import type { Guard } from '../protocol/guards.ts'
import { limits } from '../protocol/limits.ts'
import type { Dispatch, HandlersFor } from '../core/dispatch.ts'
import type { Ground } from '../core/ground.ts'
import { createPeer } from '../core/peer.ts'
import { createHolding } from './guards/holding.ts'
import { refusedBecause, unknownBecause } from './guards/reasons.ts'
import { allGuards, putGuard, removeGuard, told } from './guards/rows.ts'

export type Guards = {
  handlers: (dispatch: Dispatch) => HandlersFor<'guard'>
  /** Takes up what sessions held when the run before ended. To be done before anything is heard of them. */
  recall: (dispatch: Dispatch) => Promise<void>
  close: () => void
}

export const createGuards = ({ file, ...ground }: Ground & { file: string }): Guards => {
  const { log, database, clock, steady, logger } = ground
  const holding = createHolding(ground)
  /** by namespace, in the order of their patterns */
  const guards = allGuards(database)
  const of = (namespace: string): readonly Guard[] => guards.get(namespace) ?? []

  const write = (): void => {
    try {
      writeGuards(
        file,
        of('').map(({ pattern, lock, whenDown }) => ({ pattern, lock, whenDown })),
      )
    } catch (error) {
      logger.error('guards could not be written for times without a daemon', { file, error })
    }
  }

  const change = (namespace: string, pattern: string, guard?: Guard): void => {
    const others = of(namespace).filter((each) => each.pattern !== pattern)
    const all = guard ? [...others, guard] : others
    guards.set(
      namespace,
      all.toSorted((a, b) => (a.pattern < b.pattern ? -1 : 1)),
    )
    if (namespace === '') write()
  }

  const refuse = (place: { namespace: string; lock: string }, data: object): Promise<unknown> =>
    log.append(told(place, 'guard.refused', data, 'daemon:guards')).catch((error: unknown) => {
      logger.warn('a refusal could not be noted', { error })
    })

  write()

  return {
    handlers: (dispatch) => ({
      'guard.add': async ({ pattern, lock, wait, whenDown }, { namespace, by }) => {
        const guard: Guard = { pattern, lock, wait, whenDown, by, addedAt: clock.now() }
        const known = of(namespace).find((each) => each.pattern === pattern)
        if (known?.lock === lock && known.wait === wait && known.whenDown === whenDown)
          return { added: false, replaced: false, guard: known }
        if (!known && of(namespace).length >= limits.guards)
          throw new PaidError('bad_request', `There are ${limits.guards} guards already`, 'Remove one first.')
        await log.commit((transaction) => {
          putGuard(transaction.database, namespace, guard)
          const data = { pattern, lock, wait, whenDown, replaced: known !== undefined }
          transaction.append(told({ namespace, lock }, 'guard.added', data, by))
        })
        change(namespace, pattern, guard)
        return { added: known === undefined, replaced: known !== undefined, guard }
      },

      'guard.list': (_params, { namespace }) => ({ guards: [...of(namespace)] }),

      'guard.remove': async ({ pattern }, { namespace, by }) => {
        const known = of(namespace).find((each) => each.pattern === pattern)
        if (!known) return { removed: false }
        await log.commit((transaction) => {
          removeGuard(transaction.database, namespace, pattern)
          transaction.append(told({ namespace, lock: known.lock }, 'guard.removed', { pattern }, by))
        })
        change(namespace, pattern)
        return { removed: true }
      },

      'guard.check': async ({ session, tool, input, directory }, peer) => {
        const { namespace } = peer
        const use = { tool, input, directory, home: homedir() }
        const met = guardsMet(of(namespace), use)
        if (met.length === 0) return { allowed: true, locks: [] }
        const began = steady.now()
        // of a session that was cleared both ids are asked for
        const { session: known } = await dispatch(
          createPeer('daemon:guards', 'read', namespace),
          'session.get',
          {
            id: session,
          },
        )
        const place = { namespace, session: known?.id ?? session }
        const taken: string[] = []
        for (const [lock, { guard, path }] of byLock(met)) {
          const wait = Math.max(0, guard.wait - (steady.now() - began))
          const note = `${tool} ${path}`.slice(0, limits.noteCharacters)
          const outcome = await holding
            .take(dispatch, place, { lock, wait, note }, peer)
            .catch((error: unknown) => unknownTo(error, guard))
          if (outcome === 'held') continue
          if (outcome === 'taken') {
            taken.push(lock)
            continue
          }
          await holding.takeBack(dispatch, place, taken)
          const holder = typeof outcome === 'object' ? outcome.holder : undefined
          const { pattern } = guard
          await refuse({ namespace, lock }, { session, tool, path, pattern, ...(holder && { holder }) })
          const reason =
            typeof outcome === 'object' ? refusedBecause(guard, path, outcome) : unknownBecause(guard, path)
          return { allowed: false, locks: [], reason }
        }
        return { allowed: true, locks: [...byLock(met).keys()] }
      },
    }),

    recall: async (dispatch) => {
      try {
        for (const namespace of new Set(['', ...guards.keys()])) await holding.recall(dispatch, namespace)
      } catch (error) {
        // then they lapse
        logger.warn('what sessions hold because of guards could not be read', { error })
      }
    },

    close: holding.close,
  }
}

/** One lock may stand behind several guards: the most patient of them speaks for it. In one order for everybody. */
const byLock = (met: readonly Met<Guard>[]): Map<string, Met<Guard>> => {
  const found = new Map<string, Met<Guard>>()
  for (const each of met.toSorted((a, b) => (a.guard.lock < b.guard.lock ? -1 : 1))) {
    const known = found.get(each.guard.lock)
    if (!known || known.guard.wait < each.guard.wait) found.set(each.guard.lock, each)
  }
  return found
}

/** Nobody can say who holds it: as while no daemon runs. */
const unknownTo = (error: unknown, { whenDown }: Guard): 'held' | 'unknown' => {
  if (!(error instanceof PaidError)) throw error
  return whenDown === 'allow' ? 'held' : 'unknown'
}
