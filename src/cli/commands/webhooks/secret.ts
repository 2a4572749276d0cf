// The secret of a webhook as it is given: on stdin, or, seen by whoever looks at `ps`, as an argument.

import { isTerminal } from '../../output.ts'
import { talk } from '../../talk.ts'
import { WrongUsage } from '../../wrong-usage.ts'

export type GivenSecret = { secret?: string | undefined; 'secret-stdin': boolean }

/** Undefined when none was given. A line's end after it is not a part of it. */
export const secretOf = async ({
  secret,
  'secret-stdin': fromStdin,
}: GivenSecret): Promise<string | undefined> => {
  if (secret !== undefined && fromStdin)
    throw new WrongUsage('the secret is given twice', 'Give one of --secret and --secret-stdin.')
  if (secret !== undefined)
    await talk(
      'info',
      'Others can see a secret in the words of a command: --secret-stdin reads it from stdin',
    )
  if (!fromStdin) return secret
  if (isTerminal(0)) await talk('info', 'Type the secret, then ^D')
  return (await Bun.stdin.text()).replace(/\r?\n$/, '')
}
