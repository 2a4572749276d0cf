// Whether the log can be written. A disk that refused is tried again each second, until it takes something.

import type { Logger } from './logger.ts'

const againMs = 1000

/** @param attempt writes something that changes nothing; throws when it cannot; false: not now */
export const createHealing = (attempt: () => boolean, logger: Logger) => {
  let writable = true
  let lostGroups = 0
  let trying: Timer | undefined

  const healed = (): void => {
    if (writable) return
    logger.info('the log can be written again')
    writable = true
    close()
  }

  const heal = (): void => {
    try {
      if (attempt()) healed()
    } catch {
      // the next second is another one
    }
  }

  const close = (): void => {
    clearInterval(trying)
    trying = undefined
  }

  return {
    get writable(): boolean {
      return writable
    },
    get lostGroups(): number {
      return lostGroups
    },
    /** A group of so many writes was refused. */
    lost: (cause: unknown, writes: number): void => {
      writable = false
      lostGroups++
      logger.error('the log could not be written; a group of writes was refused', { error: cause, writes })
      trying ??= setInterval(heal, againMs)
    },
    /** Something was written. */
    healed,
    close,
  }
}
