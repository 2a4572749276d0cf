// THE ACTIONS ROOM: calls that a user stored by name, and those that a connected peer offers.
//
// Promises: a run is in the log before it does anything, and its end before its caller is told; a run that a daemon left
// behind is ended and noted as lost, once. Of one action only so many run at a time, first come first served, and those
// that wait are bounded. What a run makes is bounded too: its output, its time, and the life of everything it started
// in its process group. Values that look like secrets are in no list, no event and no log.
// Refuses: to store or to run in the name of a job, a webhook or a rule for anybody but the daemon's own rooms.

import { actionPrefix, type ShownAction, standardTimeoutMs } from '../protocol/actions.ts'
import { PaidError } from '../protocol/error.ts'
import type { Dispatch, HandlersFor } from '../core/dispatch.ts'
import type { Ground } from '../core/ground.ts'
import { type Peer, withCause } from '../core/peer.ts'
import type { Surroundings } from './actions/command.ts'
import { createKinds } from './actions/kinds.ts'
import { createLines } from './actions/lines.ts'
import { createOffers, keyOf, type Offer } from './actions/offers.ts'
import { type Outcome, RunFailed } from './actions/outcome.ts'
import { createRuns, type Running } from './actions/runs.ts'
import { secretsOf, shownDefinition } from './actions/shown.ts'
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
}: Omit<Ground, 'bus'> & {
  surroundings: Surroundings
}): Actions => {
  const lines = createLines()
  const offers = createOffers()
  const runs = createRuns({ log, database, clock, steady, logger })

  const shownOf = (namespace: string, { definition, by, addedAt }: Stored): ShownAction => ({
    ...shownDefinition(definition),
    by,
    addedAt,
    ...lines.counts(keyOf({ namespace, name: definition.name })),
  })

  const shownOffer = ({ namespace, name, peer, concurrency, offeredAt }: Offer): ShownAction => ({
    name,
    kind: 'offered',
    concurrency,
    timeout: standardTimeoutMs,
    by: peer.by,
    addedAt: offeredAt,
    ...lines.counts(keyOf({ namespace, name })),
  })

  /** Whoever offers it when its turn comes gets the call. */
  const callOf =
    (
      place: Place,
      call: { args: unknown; by: string; cause: string | undefined },
      caller: Peer | undefined,
    ) =>
    ({ run, signal }: Running): Promise<Outcome> => {
      const offer = offers.find(place)
      if (!offer) throw new RunFailed('gone', 'Whoever offered it is gone')
      return offers.call(offer, { run, ...call }, caller, signal)
    }

  const handlers = (dispatch: Dispatch): HandlersFor<'action'> => {
    const workOf = createKinds({ dispatch, steady, logger, surroundings })

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
          const names = new Set(found.map(({ definition }) => definition.name))
          const all = [
            ...found.map((stored) => shownOf(namespace, stored)),
            ...offers
              .in(namespace)
              .filter(({ name }) => compare(name, after) > 0 && !names.has(name))
              .map(shownOffer),
          ].toSorted((a, b) => compare(a.name, b.name))
          const actions = all.slice(0, limit)
          const next = all.length > limit ? actions.at(-1)?.name : undefined
          return { actions, ...(next !== undefined && { next }) }
        }),

      'action.get': ({ name }, { namespace }) =>
        log.read((reader) => {
          const stored = find(reader, { namespace, name })
          if (stored) return { action: shownOf(namespace, stored) }
          const offer = offers.find({ namespace, name })
          return { action: offer ? shownOffer(offer) : null }
        }),

      'action.run': async ({ name, args = {}, timeout, cause: given, prompts }, peer) => {
        const { namespace, by } = peer
        const cause = given ?? peer.cause
        if (given !== undefined && !causing.test(by))
          throw new PaidError('bad_request', 'cause: only jobs, webhooks and rules say what made them call')
        const place = { namespace, name }
        const stored = await log.read((reader) => find(reader, place))
        const offer = stored ? undefined : offers.find(place)
        const known = stored?.definition ?? offer
        if (!known) throw new PaidError('unknown_action', `There is no action ${JSON.stringify(name)}`)
        const work = stored
          ? workOf(stored.definition, { args, peer, cause })
          : callOf(place, { args, by, cause }, prompts ? peer : undefined)
        const turn = await lines.enter(keyOf(place), known.concurrency)
        try {
          const limit = timeout ?? stored?.definition.timeout ?? standardTimeoutMs
          const secrets = stored ? secretsOf(stored.definition) : []
          return await runs.perform({ namespace, name, by, cause, timeout: limit, secrets }, work)
        } finally {
          turn.leave()
        }
      },

      'action.offer': async ({ names, concurrency }, peer) => {
        const { namespace } = peer
        const stored = await log.read((reader) => names.find((name) => find(reader, { namespace, name })))
        if (stored !== undefined)
          throw new PaidError('name_taken', `There is a stored action ${JSON.stringify(stored)}`)
        return { offered: offers.offer(peer, names, concurrency, clock.now()) }
      },
      'action.withdraw': ({ names }, peer) => ({ offered: offers.withdraw(peer, names) }),
      'action.answer': ({ call, ...answer }, peer) => {
        offers.answer(peer, call, answer)
        return { answered: true }
      },
      'action.emit': ({ call, data }, peer) => ({ heard: offers.emit(peer, call, data) }),
      'action.prompt': async ({ call, prompt }, peer) => ({ value: await offers.prompt(peer, call, prompt) }),
      'action.reply': ({ prompt, value }, peer) => {
        offers.reply(peer, prompt, value)
        return { replied: true }
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

/** as SQLite orders texts */
const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

const draftOf = ({ namespace, name }: Place, type: string, peer: Peer, data: object) => ({
  namespace,
  channel: `${actionPrefix}${name}`,
  type,
  by: peer.by,
  dataText: JSON.stringify({ ...data, ...withCause(peer) }),
})
