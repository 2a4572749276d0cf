// `paid rules add NAME --on KIND… --do ACTION`

import { limits } from '../../../protocol/limits.ts'
import { countOf } from '../../count.ts'
import { sinceOf } from '../../filters.ts'
import { withDaemon } from '../../home.ts'
import { quoted, selfName } from '../../self.ts'
import { spanOf } from '../../span.ts'
import { talk, warn } from '../../talk.ts'
import { visible } from '../../visible.ts'
import { WrongUsage } from '../../wrong-usage.ts'
import { kindOf } from './kinds.ts'

type Given = {
  name: string
  on: string[]
  do?: string | undefined
  filter?: string | undefined
  since?: string | undefined
  retries?: string | undefined
  timeout?: string | undefined
  replace: boolean
}

const add = async ({
  name,
  on,
  do: action,
  filter,
  since,
  retries,
  timeout,
  replace,
}: Given): Promise<void> => {
  if (on.length === 0)
    throw new WrongUsage('rules add needs --on: which events', "For example --on 'type=Stop'.")
  if (action === undefined)
    throw new WrongUsage(
      'rules add needs --do: the action to run',
      `\`${selfName()} actions list\` names them.`,
    )
  const times = retries === undefined ? undefined : countOf(retries, '--retries')
  const span = timeout === undefined ? undefined : spanOf(timeout, '--timeout', limits.actionTimeoutMs)
  const answer = await withDaemon((daemon) =>
    daemon.call('rule.add', {
      name,
      on: on.map(kindOf),
      do: action,
      replace,
      ...(filter !== undefined && { filter }),
      ...(since !== undefined && { since: sinceOf(since) }),
      ...(times !== undefined && { retries: times }),
      ...(span !== undefined && { timeout: span }),
    }),
  )
  const behind =
    answer.rule.backlog > 0 ? `, beginning with ${answer.rule.backlog} events that are there` : ''
  const how = answer.added ? 'added' : answer.replaced ? 'replaced' : 'there already, the very same'
  await talk('success', visible(`${name}: ${how}${behind}`))
  if (!answer.action)
    await warn(
      visible(
        `there is no action ${action} yet: events wait for it (${selfName()} actions add ${quoted(action)} …)`,
      ),
    )
}

export default add
