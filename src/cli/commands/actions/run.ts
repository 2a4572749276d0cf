// `paid actions run NAME [JSON|-]`: runs it and prints what it gave: text as it is, anything else as JSON.

import { limits } from '../../../protocol/limits.ts'
import { withDaemon } from '../../home.ts'
import { readJson } from '../../input.ts'
import { say, sayJson } from '../../output.ts'
import { spanOf } from '../../span.ts'
import { talk } from '../../talk.ts'

type Given = { name: string; args?: string | undefined; timeout?: string | undefined; json: boolean }

const run = async ({ name, args = '{}', timeout, json }: Given): Promise<void> => {
  const given = await readJson(args, 'what it is run with')
  const answer = await withDaemon((daemon) =>
    daemon.call(
      'action.run',
      {
        name,
        args: given,
        ...(timeout !== undefined && { timeout: spanOf(timeout, '--timeout', limits.actionTimeoutMs) }),
      },
      // the daemon ends a run that takes too long, by what was said when it was added
      { timeoutMs: 0 },
    ),
  )
  if (json) return sayJson(answer)
  const { result, truncated } = answer
  if (typeof result === 'string') say(result)
  else if (result !== null) sayJson(result)
  if (truncated) await talk('warn', 'There was more than is kept of a result.')
}

export default run
