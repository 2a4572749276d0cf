// `paid webhooks add NAME`: prints the addresses that its sender is given.

import { webhookSchemes } from '../../../protocol/webhooks.ts'
import { limits } from '../../../protocol/limits.ts'
import { withDaemon } from '../../home.ts'
import { say, sayJson } from '../../output.ts'
import { spanOf } from '../../span.ts'
import { talk } from '../../talk.ts'
import { WrongUsage } from '../../wrong-usage.ts'
import { type GivenSecret, secretOf } from './secret.ts'

type Given = GivenSecret & {
  name: string
  scheme: string
  do?: string | undefined
  publish?: string | undefined
  tolerance?: string | undefined
  async: boolean
  allow: string[]
  json: boolean
}

const add = async (given: Given): Promise<void> => {
  const scheme = webhookSchemes.find((known) => known === given.scheme)
  if (!scheme)
    throw new WrongUsage(`there is no scheme "${given.scheme}"`, `It is one of ${webhookSchemes.join(', ')}.`)
  if ((given.do === undefined) === (given.publish === undefined))
    throw new WrongUsage('what it is to do is said once', 'Give one of --do ACTION and --publish CHANNEL.')
  const tolerance =
    given.tolerance === undefined
      ? undefined
      : spanOf(given.tolerance, '--tolerance', limits.webhookToleranceMs)
  const secret = await secretOf(given)
  if (scheme !== 'none' && secret === undefined)
    throw new WrongUsage(`${scheme} needs the secret that its sender has`, 'Give it with --secret-stdin.')
  await withDaemon(async (daemon) => {
    const webhook = await daemon.call('webhook.add', {
      name: given.name,
      scheme,
      async: given.async,
      allow: given.allow,
      ...(secret !== undefined && { secret }),
      ...(given.do !== undefined && { do: given.do }),
      ...(given.publish !== undefined && { publish: given.publish }),
      ...(tolerance !== undefined && { tolerance }),
    })
    if (given.json) return sayJson(webhook)
    const { urls, webhookUrls } = await daemon.call('system.status', {})
    for (const url of [...webhookUrls, ...urls]) say(`${url}${webhook.path}`)
    if (given.do === undefined) return
    const { action } = await daemon.call('action.get', { name: given.do })
    if (action === null)
      await talk('info', `There is no action ${given.do} yet: until there is, deliveries fail`)
  })
}

export default add
