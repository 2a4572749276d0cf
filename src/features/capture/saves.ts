// Captured conversations on their way into their repositories. A save is begun in the log before a file is written, and
// ended there after: one that was cut off is done again as the same version, so that nothing stands there twice.

import { PaidError } from '../../protocol/error.ts'
import type { Saved } from '../../protocol/capture.ts'
import type { Clock } from '../../lib/clock.ts'
import { newVersion } from '../../lib/prompt-files.ts'
import type { Repository } from '../../lib/repository.ts'
import type { Log } from '../../core/log.ts'
import {
  type Active,
  type BegunSave,
  channelOf,
  type createActive,
  hasMessage,
  type Said,
  taking,
} from './active.ts'
import { repositoryOfActive, writeConversation } from './conversation.ts'

type Ending = Pick<BegunSave, 'upTo' | 'stays'> & { commit?: string | undefined; by: string }

const empty: Saved = { saved: false, reason: 'empty' }

export const createSaves = ({
  log,
  clock,
  active: all,
  said,
  umask,
  mask,
}: {
  log: Log
  clock: Clock
  active: ReturnType<typeof createActive>
  /** what was said up to an event, or so far; `upTo`: the newest that is in it */
  said: (active: Active, upTo?: number) => Promise<Said & { upTo: number }>
  umask: number
  mask: () => boolean
}) => {
  /** of one conversation, one after the other */
  const lines = new Map<Active, Promise<unknown>>()

  const append = (active: Active, type: string, data: object, by: string) => ({
    namespace: active.namespace,
    channel: channelOf(active),
    type,
    by,
    dataText: JSON.stringify(data),
  })

  const inTurn = <T>(active: Active, work: () => Promise<T>): Promise<T> => {
    const mine = (lines.get(active) ?? Promise.resolve()).then(work)
    const settled = mine.catch(() => undefined)
    lines.set(active, settled)
    void settled.then(() => {
      if (lines.get(active) === settled) lines.delete(active)
    })
    return mine
  }

  const begin = async (
    active: Active,
    save: BegunSave,
    repository: Repository,
    by: string,
  ): Promise<void> => {
    const { version, at, commit } = save
    const data = { version, at, commit, repository: repository.toplevel }
    await log.commit((transaction) => {
      all.noteSave(transaction.database, active, save, active.savedSeq)
      return transaction.append(append(active, 'capture.saving', data, by))
    })
    active.save = save
  }

  /** It could not be written: it is as if it had not been begun, and may be tried again. */
  const giveUp = async (active: Active, error: unknown, by: string): Promise<never> => {
    const reason = error instanceof Error ? error.message : String(error)
    await log.commit((transaction) => {
      all.noteSave(transaction.database, active, undefined, active.savedSeq)
      return transaction.append(append(active, 'capture.failed', { error: reason }, by))
    })
    active.save = undefined
    throw new PaidError(
      'forbidden',
      `The conversation ${active.id} could not be written: ${reason}`,
      'It stays active: put that right, and save it again.',
    )
  }

  /** What was said while it was written is not in it: then it stays active. */
  const end = async (active: Active, result: Saved, { upTo, stays, commit, by }: Ending): Promise<void> => {
    const leaves = !stays && active.pending === 0 && active.lastSeq <= upTo
    const note = async (): Promise<void> => {
      await log.commit((transaction) => {
        if (leaves) all.remove(transaction.database, active)
        else all.noteSave(transaction.database, active, undefined, upTo)
        transaction.append(append(active, 'capture.saved', { ...result, ...(commit && { commit }) }, by))
      })
      active.save = undefined
      active.savedSeq = upTo
      if (leaves) all.drop(active)
    }
    await (leaves ? taking([active], note) : note())
  }

  const write = (
    active: Active,
    words: Said,
    save: BegunSave,
    { repository, by }: { repository: Repository; by: string },
  ): Promise<Saved> =>
    writeConversation(active, words, save, { repository, umask, mask: mask() }).catch((error: unknown) =>
      giveUp(active, error, by),
    )

  return {
    /** Whether one is being saved, or will be. */
    isBusy: (active: Active): boolean => lines.has(active),

    /**
     * Writes one. `stays`: it goes on being active, and is written only when there is something new in it. Throws
     * `forbidden` with the reason when its repository cannot be written; it is active then as before.
     */
    save: (
      active: Active,
      { commit, by, stays = false }: { commit: string | undefined; by: string; stays?: boolean },
    ): Promise<Saved> =>
      inTurn(active, async () => {
        await active.leaving
        if (all.find(active.namespace, active.id) !== active) return { saved: false, reason: 'unknown' }
        // a save that was cut off may have been done again before this one's turn
        if (stays && active.lastSeq <= active.savedSeq) return { saved: false }
        const repository = await repositoryOfActive(active)
        if (!repository) {
          if (!(await log.read((reader) => hasMessage(reader, active)))) return empty
          const result: Saved = { saved: true, kept: 'archive' }
          await end(active, result, { upTo: active.lastSeq, stays, commit, by })
          return result
        }
        const { upTo, ...words } = await said(active)
        if (words.messages.length === 0) return empty
        const named = commit !== undefined && { commit }
        const save = { version: newVersion(), at: clock.now(), upTo, stays, ...named }
        await begin(active, save, repository, by)
        const result = await write(active, words, save, { repository, by })
        await end(active, result, { upTo, stays, commit, by })
        return result
      }),

    /** Does a save again that was cut off. */
    resume: (active: Active, save: BegunSave, by: string): Promise<void> =>
      inTurn(active, async () => {
        const { upTo, ...words } = await said(active, save.upTo)
        const repository =
          (await repositoryOfActive(active)) ??
          (await giveUp(active, new Error('its repository is gone'), by))
        const result = await write(active, words, save, { repository, by })
        await end(active, result, { ...save, upTo, by })
      }),
  }
}
