// THE SPOOL DOOR: what hooks left in `spool/` while nobody answered comes in as if it had just been posted.
// Promises: each event once, by its key, with the time its sender gave it; a file goes only after its event is on disk.
// What cannot be taken (damaged, or no hook) is kept aside as `refused-…` and counted.

import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { PaidError } from '../protocol/error.ts'
import { limits } from '../protocol/limits.ts'
import { spoolAt, type SpoolEntry } from '../lib/spool.ts'
import type { Dispatch } from '../core/dispatch.ts'
import type { Logger } from '../core/logger.ts'
import { createPeer } from '../core/peer.ts'
import type { IsExcluded } from '../lib/exclude.ts'
import { decodeHook } from './dialects/claude.ts'
import { askingIn } from './dialects/claude-reply.ts'
import { parseJson } from './dialects/json.ts'

const lookEveryMs = 500
/** files taken in at once: enough to share a commit, few enough to hold in memory */
const atOnce = 32

export const openSpoolDoor = ({
  folder,
  dispatch,
  logger,
  isExcluded,
}: {
  folder: string
  /** files whose contents are not to be kept */
  isExcluded: IsExcluded
  dispatch: Dispatch
  logger: Logger
}) => {
  const spool = spoolAt(folder, limits.spoolBytes)
  const peer = createPeer('hook:claude', 'write')
  const gitPeer = createPeer('hook:git', 'write')
  let taken = 0
  let refused = 0
  let running: Promise<void> | undefined

  const refuse = (name: string, reason: string): void => {
    refused++
    logger.warn('a spooled event was refused', { name, reason })
    try {
      renameSync(join(folder, name), join(folder, `refused-${name}`))
    } catch (error) {
      logger.error('a refused event could not be put aside', { name, error })
    }
  }

  const publish = async (entry: SpoolEntry): Promise<void> => {
    const text = Buffer.from(entry.body).toString('utf8')
    const cause = entry.cause !== undefined && { cause: entry.cause }
    if (entry.path === '/hooks/git') {
      await dispatch({ ...gitPeer, ...cause }, 'commit.record', parseJson(text))
      return
    }
    const event = decodeHook(text, entry.occurredAt, isExcluded)
    const caller = { ...peer, ...cause }
    const { key } = entry
    const { duplicate } = await dispatch(caller, 'event.publish', { ...event, key })
    // its first copy came, and its reply did not: else it would not be here
    const asking = duplicate ? askingIn(event.type, event.data) : undefined
    if (asking) await dispatch(caller, 'session.unanswered', { id: asking.id, key })
  }

  /** False when the log cannot take it now: it stays where it is. */
  const take = async (name: string): Promise<boolean> => {
    const entry = spool.read(name)
    if (entry === 'gone') return true
    if (entry === 'damaged') {
      refuse(name, 'damaged')
      return true
    }
    try {
      await publish(entry)
    } catch (error) {
      if (!(error instanceof PaidError) || error.status >= 500) return false
      refuse(name, error.message)
      return true
    }
    if (spool.remove(name)) taken++
    return true
  }

  const drain = async (): Promise<void> => {
    const names = spool.list().map(({ name }) => name)
    while (names.length > 0) {
      const results = await Promise.all(names.splice(0, atOnce).map(take))
      if (results.includes(false)) return
    }
  }

  const look = (): void => {
    running ??= drain()
      .catch((error: unknown) => logger.error('the spool could not be read', { error }))
      .finally(() => (running = undefined))
  }

  look()
  const timer = setInterval(look, lookEveryMs)

  return {
    counts: () => ({ waiting: spool.list().length, taken, refused, dropped: spool.dropped() }),
    [Symbol.asyncDispose]: async (): Promise<void> => {
      clearInterval(timer)
      await running
    },
  }
}
