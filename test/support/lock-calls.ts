// A call of a locks room's life that its process does not live to write down.

import type { Peer } from '../../src/core/peer.ts'
import type { Engine } from './engine.ts'
import type { Call } from './lock-steps.ts'

export const askInVain = async (engine: Engine, callers: readonly Peer[], one: Call): Promise<void> => {
  const from = callers['peer' in one ? one.peer : 0]
  const { do: what, ...params } = one
  if (!from || (what !== 'acquire' && what !== 'release' && what !== 'break')) return
  const asked = 'name' in params ? params.name : 'a'
  const more =
    what === 'break'
      ? { why: 'to see' }
      : 'holder' in params && params.holder
        ? { holder: params.holder }
        : {}
  await engine.dispatch(from, `lock.${what}`, { name: asked, ...more }).catch(() => undefined)
}
