// `paid keys add NAME`: prints the key and its secret, which nobody can read afterwards.

import { type KeyScope, keyScopes } from '../../../protocol/keys.ts'
import { limits } from '../../../protocol/limits.ts'
import { withDaemon } from '../../home.ts'
import { say, sayJson } from '../../output.ts'
import { spanOf } from '../../span.ts'
import { talk } from '../../talk.ts'
import { WrongUsage } from '../../wrong-usage.ts'

type Given = {
  name: string
  scopes: string[]
  expires?: string | undefined
  organization?: string | undefined
  json: boolean
}

const scopeOf = (text: string): KeyScope => {
  const scope = keyScopes.find((known) => known === text)
  if (!scope) throw new WrongUsage(`there is no scope "${text}"`, `It is one of ${keyScopes.join(', ')}.`)
  return scope
}

const add = async (given: Given): Promise<void> => {
  const expires =
    given.expires === undefined ? undefined : spanOf(given.expires, '--expires', limits.keyLifeMs)
  const scopes = [...new Set(given.scopes)].map(scopeOf)
  const made = await withDaemon((daemon) =>
    daemon.call('key.add', {
      name: given.name,
      scopes,
      ...(expires !== undefined && { expires }),
      ...(given.organization !== undefined && { organization: given.organization }),
    }),
  )
  if (given.json) return sayJson(made)
  say(`orchestratorId ${made.name}\napiKey         ${made.key}\napiSecret      ${made.secret}`)
  await talk('info', 'Keep them: they are not shown again')
}

export default add
