// `paid actions add NAME …`: stores a command, an HTTP request, a message or a prompt under a name.

import { resolve } from 'node:path'
import { httpMethods } from '../../../protocol/actions.ts'
import type { Params } from '../../../protocol/api.ts'
import { limits } from '../../../protocol/limits.ts'
import { countOf } from '../../count.ts'
import { withDaemon } from '../../home.ts'
import { talk } from '../../talk.ts'
import { spanOf } from '../../span.ts'
import { WrongUsage } from '../../wrong-usage.ts'
import { type Pairs, pairsOf } from './pairs.ts'

type Given = {
  name: string
  url: string | undefined
  command: string[]
  http?: string | undefined
  header: string[]
  'header-stdin': boolean
  publish?: string | undefined
  prompt?: string | undefined
  cwd?: string | undefined
  env: string[]
  'env-stdin': boolean
  concurrency?: string | undefined
  timeout?: string | undefined
  replace: boolean
}

const add = async (given: Given): Promise<void> => {
  const action = await actionOf(given)
  const { added, replaced } = await withDaemon((daemon) => daemon.call('action.add', action))
  const what = replaced ? 'replaced' : added ? 'added' : 'there already, as it is'
  await talk('success', `${given.name}: ${what}`)
}

export default add

/** Which of the words that stand for themselves is the address, and which are the command. */
export const placed = ({ http }: { http?: string | undefined }, [, ...words]: string[]) =>
  http === undefined ? { url: undefined, command: words } : { url: words[0], command: words.slice(1) }

const actionOf = async (given: Given): Promise<Params<'action.add'>> => {
  const { name, url, command, http, publish, prompt, replace, concurrency, timeout } = given
  const kinds = [command.length > 0, http !== undefined, publish !== undefined, prompt !== undefined]
  if (kinds.filter(Boolean).length !== 1)
    throw new WrongUsage(
      'what it is to do is said once',
      'Give one of -- CMD ARG…, --http METHOD URL, --publish CHANNEL and --prompt TEXT.',
    )
  const common = {
    name,
    replace,
    ...(concurrency !== undefined && { concurrency: countOf(concurrency, '--concurrency') }),
    ...(timeout !== undefined && { timeout: spanOf(timeout, '--timeout', limits.actionTimeoutMs) }),
  }
  if (http === undefined && (given.header.length > 0 || given['header-stdin']))
    throw new WrongUsage('--header belongs to --http METHOD URL')
  if (command.length === 0 && (given.env.length > 0 || given['env-stdin'] || given.cwd !== undefined))
    throw new WrongUsage('--env and --cwd belong to a command: -- CMD ARG…')
  if (http !== undefined) {
    if (url === undefined) throw new WrongUsage('--http needs an address: --http POST https://…')
    const headers = await pairsOf(given.header, given['header-stdin'], '--header')
    const method = httpMethods.find((each) => each === http.toUpperCase())
    if (!method)
      throw new WrongUsage(`there is no HTTP method ${http}`, `It is one of ${httpMethods.join(', ')}.`)
    const more = headers && { headers: headers.values, ...secretIn(headers) }
    return { ...common, kind: 'http', method, url, ...more }
  }
  if (publish !== undefined) return { ...common, kind: 'publish', channel: publish }
  if (prompt !== undefined) return { ...common, kind: 'prompt', prompt }
  const env = await pairsOf(given.env, given['env-stdin'], '--env')
  const more = env && { env: env.values, ...secretIn(env) }
  return { ...common, kind: 'command', command, cwd: resolve(given.cwd ?? '.'), ...more }
}

const secretIn = ({ secret }: Pairs) => (secret.length === 0 ? {} : { secret })
