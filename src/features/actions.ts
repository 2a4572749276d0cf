// THE ACTIONS ROOM: calls that a user stored by name, and those that a connected peer offers.
//
// Promises: a run is in the log before it does anything, and its end before its caller is told; a run that a daemon left
// behind is ended and noted as lost, once. Of one action only so many run at a time, first come first served, and those
// that wait are bounded. What a run makes is bounded too: its output, its time, and the life of everything it started
// in its process group. Values that look like secrets are in no list, no event and no log.
// Refuses: to store or to run in the name of a job, a webhook or a rule for anybody but the daemon's own rooms.

import type { Database } from 'bun:sqlite'
import { actionPrefix, type ShownAction } from '../protocol/actions.ts'
import { PaidError } from '../protocol/error.ts'
import type { Clock } from '../lib/clock.ts'
import type { SteadyClock } from '../lib/steady-clock.ts'
import type { Dispatch, HandlersFor } from '../core/dispatch.ts'
import type { Log } from '../core/log.ts'
import type { Logger } from '../core/logger.ts'
import type { Peer } from '../core/peer.ts'
import type { Surroundings } from './actions/command.ts'
import { createKinds } from './actions/kinds.ts'
import { createLines } from './actions/lines.ts'
import { createRuns } from './actions/runs.ts'
import { shownDefinition } from './actions/shown.ts'
import { find, forget, pageOf, type Place, store, type Stored } from './actions/store.ts'

export type Actions = {
  handlers: (dispatch: Dispatch) => HandlersFor<'action'>
  /** Ends what runs, and waits a moment for it. True when somebody is to be told. */
  close: () => Promise<boolean>
}

/** rooms that say what made them call */
const causing = /^(job|webhook|rule):/

export const createActions = ({
  log,
  database,
  clock,
  steady,
  logger,
  surroundings,
}: {
  log: Log
  /** looked into once, before anything is asked */
  database: Database
  clock: Clock
  steady: SteadyClock
  logger: Logger
  surroundings: Surroundings
}): Actions => {
  const lines = createLines()
  const runs = createRuns({ log, database, clock, steady, logger })

  const shownOf = (namespace: string, { definition, by, addedAt }: Stored): ShownAction => ({
    ...shownDefinition(definition),
    by,
    addedAt,
    ...lines.counts(keyOf({ namespace, name: definition.name })),
  })

  const handlers = (dispatch: Dispatch): HandlersFor<'action'> => {
    const workOf = createKinds({ dispatch, logger, surroundings })

    return {
      'action.add': ({ replace, ...definition }, peer) =>
        log.commit(({ append, database: writing }) => {
          const { name, kind, concurrency, timeout } = definition
          const place = { namespace: peer.namespace, name }
          const known = find(writing, place)
          if (known && Bun.deepEquals(known.definition, definition)) return { added: false, replaced: false }
          if (known && !replace)
            throw new PaidError(
              'name_taken',
              `There is another action ${JSON.stringify(name)} already`,
              'Choose another name, replace it (--replace), or remove it first.',
            )
          store(writing, peer.namespace, { definition, by: peer.by, addedAt: clock.now() })
          append(
            draftOf(place, 'action.added', peer, {
              kind,
              concurrency,
              timeout,
              replaced: known !== undefined,
            }),
          )
          return { added: true, replaced: known !== undefined }
        }),

      'action.remove': ({ name }, peer) =>
        log.commit(({ append, database: writing }) => {
          const place = { namespace: peer.namespace, name }
          const removed = forget(writing, place)
          if (removed) append(draftOf(place, 'action.removed', peer, {}))
          return { removed }
        }),

      'action.list': ({ after = '', limit }, { namespace }) =>
        log.read((reader) => {
          const found = pageOf(reader, namespace, after, limit + 1)
          const actions = found.slice(0, limit).map((stored) => shownOf(namespace, stored))
          const next = found.length > limit ? actions.at(-1)?.name : undefined
          return { actions, ...(next !== undefined && { next }) }
        }),

      'action.get': ({ name }, { namespace }) =>
        log.read((reader) => {
          const stored = find(reader, { namespace, name })
          return { action: stored ? shownOf(namespace, stored) : null }
        }),

      'action.run': async ({ name, args = {}, timeout, cause }, peer) => {
        const { namespace, by } = peer
        if (cause !== undefined && !causing.test(by))
          throw new PaidError('bad_request', 'cause: only jobs, webhooks and rules say what made them call')
        const place = { namespace, name }
        const stored = await log.read((reader) => find(reader, place))
        if (!stored) throw new PaidError('unknown_action', `There is no action ${JSON.stringify(name)}`)
        const { definition } = stored
        const turn = await lines.enter(keyOf(place), definition.concurrency)
        try {
          const asked = { namespace, name, by, cause, timeout: timeout ?? definition.timeout }
          return await runs.perform(asked, workOf(definition, { args, peer, cause }))
        } finally {
          turn.leave()
        }
      },
    }
  }

  return {
    handlers,
    close: async () => {
      lines.close()
      return await runs.close()
    },
  }
}

// \n cannot occur in a namespace or a name
const keyOf = ({ namespace, name }: Place): string => `${namespace}\n${name}`

const draftOf = ({ namespace, name }: Place, type: string, { by }: Peer, data: object) => ({
  namespace,
  channel: `${actionPrefix}${name}`,
  type,
  by,
  dataText: JSON.stringify(data),
})
