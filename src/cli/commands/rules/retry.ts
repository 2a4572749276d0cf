// `paid rules retry NAME [EVENT]`: what was set aside, once more.

import { withDaemon } from '../../home.ts'
import { say, tell } from '../../output.ts'
import { warn } from '../../talk.ts'
import { visible } from '../../visible.ts'

type Given = { name: string; event?: string | undefined; drop: boolean }

/** an action may take long */
const answerWithinMs = 24 * 3600 * 1000

const retry = async ({ name, event, drop }: Given): Promise<number> => {
  const { done, failed, left } = await withDaemon((daemon) =>
    daemon.call(
      'rule.retry',
      { name, drop, ...(event !== undefined && { event }) },
      { timeoutMs: answerWithinMs },
    ),
  )
  for (const id of done) say(id)
  for (const { event: id, error } of failed) await warn(visible(`${id} failed again: ${error}`))
  if (done.length + failed.length === 0) tell('Nothing was set aside.')
  else if (left > 0) tell(`${left} still set aside.`)
  return failed.length > 0 ? 1 : 0
}

export default retry
