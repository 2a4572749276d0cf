// `paid unlock NAME`: gives back what this shell took, or with --force takes it from whoever holds it.

import { PaidError } from '../../protocol/error.ts'
import { withDaemon } from '../home.ts'
import { quoted, selfName } from '../self.ts'
import { shellName } from '../shell-name.ts'
import { talk } from '../talk.ts'
import { visible } from '../visible.ts'
import { WrongUsage } from '../wrong-usage.ts'

type Given = {
  name: string
  holder?: string | undefined
  token?: string | undefined
  force: boolean
  why?: string | undefined
}

const unlock = async ({ name, holder, token, force, why }: Given): Promise<void> => {
  if (force !== (why !== undefined))
    throw new WrongUsage(
      force ? '--force needs --why: the reason is kept' : '--why is for --force',
      `paid unlock ${quoted(name)} --force --why "its shell is gone"`,
    )
  if (force && (holder !== undefined || token !== undefined))
    throw new WrongUsage('--force takes it from whoever holds it', 'Leave out --holder and --token.')
  await (why === undefined ? release({ name, holder, token }) : takeAway(name, why))
}

export default unlock

const takeAway = async (name: string, why: string): Promise<void> => {
  const { broken, lock } = await withDaemon((daemon) => daemon.call('lock.break', { name, why }))
  if (!broken) throw nobody(name)
  await talk('info', visible(`${name} was taken from ${lock?.holder ?? 'its holder'}`))
}

const release = async ({ name, holder, token }: Pick<Given, 'name' | 'holder' | 'token'>): Promise<void> => {
  const shown = token === undefined ? undefined : Number(token)
  if (shown !== undefined && !Number.isSafeInteger(shown))
    throw new WrongUsage(`--token must be a number, not ${token}`)
  await withDaemon(async (daemon) => {
    // a token is proof enough
    const as = holder ?? (shown === undefined ? await shellName(daemon) : undefined)
    const { released, reason } = await daemon.call('lock.release', {
      name,
      ...(as !== undefined && { holder: as }),
      ...(shown !== undefined && { token: shown }),
    })
    if (released) return await talk('info', visible(`${name} is given back`))
    if (reason === 'not_held') throw nobody(name)
    const { lock } = await daemon.call('lock.get', { name })
    if (!lock) throw nobody(name)
    throw new PaidError(
      'lock_held',
      `${name} is not ${reason === 'old_token' ? 'held under that token' : 'yours'}: ` +
        `${lock.holder} holds it since ${new Date(lock.acquiredAt).toISOString()}`,
      `Take it away: ${selfName()} unlock ${quoted(name)} --force --why "…"`,
    )
  })
}

const nobody = (name: string): PaidError =>
  new PaidError(
    'not_found',
    `Nobody holds ${name}`,
    'If it was yours, its lease has ended: --ttl makes it longer.',
  )
