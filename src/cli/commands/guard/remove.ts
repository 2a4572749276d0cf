// `paid guard remove PATTERN`: with the last guard its hook goes too, so that no tool waits for nothing.

import { PaidError } from '../../../protocol/error.ts'
import { withDaemon } from '../../home.ts'
import { guardTheHooks } from '../../hooks/guarded.ts'
import { sayJson } from '../../output.ts'
import { selfName } from '../../self.ts'
import { talk, warn } from '../../talk.ts'
import { visible } from '../../visible.ts'
import { typedPattern } from './pattern.ts'

const remove = async ({ pattern: given, json }: { pattern: string; json: boolean }): Promise<void> => {
  const pattern = typedPattern(given)
  const { removed, left } = await withDaemon(async (daemon) => ({
    ...(await daemon.call('guard.remove', { pattern })),
    left: (await daemon.call('guard.list', {})).guards.length,
  }))
  if (!removed)
    throw new PaidError(
      'not_found',
      `There is no guard of ${JSON.stringify(pattern)}`,
      `\`${selfName()} guard list\` names them.`,
    )
  const hooks = guardTheHooks(left > 0)
  if (json) return sayJson({ removed, hooks })
  await talk('success', visible(`${pattern}: guarded no more`))
  for (const line of hooks.problems) await warn(visible(line))
}

export default remove
