// `paid webhooks rotate NAME`: a new secret, and the old one for a while, so that its sender can be told in between.

import { limits } from '../../../protocol/limits.ts'
import { withDaemon } from '../../home.ts'
import { say, sayJson } from '../../output.ts'
import { WrongUsage } from '../../wrong-usage.ts'
import { spanOf } from '../../span.ts'
import { webhookLine } from './lines.ts'
import { type GivenSecret, secretOf } from './secret.ts'

type Given = GivenSecret & { name: string; keep?: string | undefined; json: boolean }

const rotate = async (given: Given): Promise<void> => {
  const keep = given.keep === undefined ? undefined : spanOf(given.keep, '--keep', limits.webhookKeepMs)
  const secret = await secretOf(given)
  if (secret === undefined)
    throw new WrongUsage('rotate needs the new secret', 'Give it with --secret-stdin.')
  const webhook = await withDaemon((daemon) =>
    daemon.call('webhook.rotate', { name: given.name, secret, ...(keep !== undefined && { keep }) }),
  )
  if (given.json) sayJson(webhook)
  else say(webhookLine(webhook))
}

export default rotate
