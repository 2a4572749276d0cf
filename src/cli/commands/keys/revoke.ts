// `paid keys revoke NAME`.

import { PaidError } from '../../../protocol/error.ts'
import { withDaemon } from '../../home.ts'
import { sayJson } from '../../output.ts'
import { talk } from '../../talk.ts'
import { visible } from '../../visible.ts'

const revoke = async ({ name, json }: { name: string; json: boolean }): Promise<void> => {
  const { revoked } = await withDaemon((daemon) => daemon.call('key.revoke', { name }))
  if (!revoked) throw new PaidError('unknown_key', `There is no valid key ${name}`)
  if (json) return sayJson({ revoked })
  await talk('success', visible(`${name}: taken back`))
}

export default revoke
