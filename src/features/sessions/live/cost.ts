// What a session costs, which its process tells as a total of its own: a fresh one counts from nothing, one that goes on
// from the last figure that it wrote down, and after `/clear` it begins anew. Nothing of it is counted twice, or lost.

import { type Fields, fieldsIn, isFields, numberIn } from '../line.ts'
import type { Managed } from '../rows.ts'

/** what adding up in another order may differ by */
const nothing = 1e-9

export const createCost = (managed: Managed) => {
  /** what is the session's and none of this count's */
  let before: number | undefined
  let last = 0

  /** Adds a result's, and gives back what is new. */
  return (line: Fields): number => {
    const known = managed.costUsd
    const total = numberIn(line, 'total_cost_usd') ?? 0
    if (total < last) before = undefined
    if (before === undefined) {
      last = beganAt(line, total) ?? (total >= known ? known : 0)
      // what it cost elsewhere, or in a turn whose result never came, it cost too
      before = known - last < nothing ? 0 : known - last
    }
    const added = total - last
    last = total
    managed.costUsd = Math.max(known, before + total)
    return added
  }
}

/** Where the count of a process stood before its first result. Older versions do not tell. */
const beganAt = (line: Fields, total: number): number | undefined => {
  if (!isFields(line['model_usage_since_last_result'])) return undefined
  const models = Object.values(fieldsIn(line, 'model_usage_since_last_result'))
  return total - models.reduce<number>((sum, model) => sum + (numberIn(model, 'costUSD') ?? 0), 0)
}
