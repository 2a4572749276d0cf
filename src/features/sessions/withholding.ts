// Contents of excluded files are not kept of what a session tells either: taken out of each event before it is written,
// as out of what hooks tell. What the session itself is answered has them.

import type { IsExcluded } from '../../lib/exclude.ts'
import { isFields, textIn } from '../../lib/fields.ts'
import { keepNewest } from '../../lib/newest.ts'
import {
  searchesFiles,
  usesExcluded,
  withheldMark,
  withholdFound,
  withholdWithin,
} from '../../lib/withhold.ts'
import type { Told } from './told.ts'

/** uses of tools whose end was not told; so many are remembered */
const mostWaiting = 100

/** Changes what is told, in place. */
export const createWithholding = (isExcluded: IsExcluded): ((told: Told) => void) => {
  /** what is to become of a tool's result: nothing of it is kept, or it is looked through */
  const waiting = new Map<string, 'withheld' | 'searched'>()

  return ({ type, data }) => {
    if (!isFields(data)) return
    const use = textIn(data, 'toolUse')
    const { input } = data
    const ofExcluded = isFields(input) && usesExcluded(input, isExcluded)
    if (type === 'tool.started' && use !== undefined && isFields(input)) {
      if (ofExcluded) waiting.set(use, 'withheld')
      else if (searchesFiles(textIn(data, 'tool'), input)) waiting.set(use, 'searched')
      keepNewest(waiting, mostWaiting)
    }
    if (type === 'tool.finished' && use !== undefined) {
      const known = waiting.get(use)
      waiting.delete(use)
      for (const name of ['result', 'error'])
        if (known === 'withheld' && data[name] !== undefined) data[name] = withheldMark
        else if (known === 'searched') withholdFound(data, name, isExcluded)
    }
    withholdWithin(Object.values(data), isExcluded)
    // rules that would allow the command again quote it
    if (isFields(input) && input['command'] === withheldMark && data['suggestions'] !== undefined)
      data['suggestions'] = []
  }
}
