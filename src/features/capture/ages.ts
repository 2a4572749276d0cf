// Captured conversations that nobody speaks in any more: after the time that the settings name they are no longer
// active. What was said in them stays in the log.

import type { CaptureSettings } from '../../protocol/capture.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../core/log.ts'
import { type Active, channelOf, type createActive, taking } from './active.ts'

export const createAges = ({
  log,
  clock,
  active,
  settings,
  isBusy,
  by,
}: {
  log: Log
  clock: Clock
  active: ReturnType<typeof createActive>
  settings: () => CaptureSettings['storage']
  /** whether one is being saved */
  isBusy: (one: Active) => boolean
  by: string
}) => ({
  /** Ends those that are over. */
  clean: async (): Promise<void> => {
    const { autoCleanup, maxSessionAge } = settings()
    if (!autoCleanup) return
    const before = clock.now() - maxSessionAge
    const old = active
      .all()
      .filter((one) => one.lastAt < before && !one.save && !one.leaving && one.pending === 0 && !isBusy(one))
    if (old.length === 0) return
    await taking(old, async () => {
      await log.commit((transaction) => {
        for (const one of old) {
          active.remove(transaction.database, one)
          const dataText = JSON.stringify({ reason: 'age', lastAt: one.lastAt })
          const { namespace } = one
          transaction.append({ namespace, channel: channelOf(one), type: 'capture.ended', by, dataText })
        }
      })
      for (const one of old) active.drop(one)
    })
  },
})
