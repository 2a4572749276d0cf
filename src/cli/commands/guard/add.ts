// `paid guard add PATTERN --lock NAME`: the guard, and the hook that Claude Code asks before it touches a file.

import { whenDowns } from '../../../protocol/guards.ts'
import { limits } from '../../../protocol/limits.ts'
import { withDaemon } from '../../home.ts'
import { guardTheHooks } from '../../hooks/guarded.ts'
import { sayJson } from '../../output.ts'
import { spanOf } from '../../span.ts'
import { talk, warn } from '../../talk.ts'
import { visible } from '../../visible.ts'
import { WrongUsage } from '../../wrong-usage.ts'
import { typedPattern } from './pattern.ts'

type Given = {
  pattern: string
  lock?: string | undefined
  wait?: string | undefined
  'when-down'?: string | undefined
  json: boolean
}

const add = async ({ lock, json, ...given }: Given): Promise<void> => {
  if (lock === undefined)
    throw new WrongUsage(
      'guard add needs --lock: the lock that these files need',
      'For example --lock database.',
    )
  const wait = given.wait === undefined ? undefined : spanOf(given.wait, '--wait', limits.guardWaitMs)
  const down = given['when-down']
  const whenDown = whenDowns.find((each) => each === down)
  if (down !== undefined && whenDown === undefined)
    throw new WrongUsage(`--when-down must be ${whenDowns.join(' or ')}, not ${down}`)
  const pattern = typedPattern(given.pattern)
  const answer = await withDaemon((daemon) =>
    daemon.call('guard.add', {
      pattern,
      lock,
      ...(wait !== undefined && { wait }),
      ...(whenDown !== undefined && { whenDown }),
    }),
  )
  const hooks = guardTheHooks(true)
  if (json) return sayJson({ ...answer, hooks })
  const how = answer.added ? 'guarded by' : answer.replaced ? 'now guarded by' : 'guarded already by'
  await talk('success', visible(`${pattern}: ${how} ${lock}`))
  if (hooks.changed.length > 0)
    await talk('info', visible(`Claude Code asks before it touches files: ${hooks.changed.join(', ')}`))
  for (const line of hooks.problems) await warn(visible(line))
}

export default add
