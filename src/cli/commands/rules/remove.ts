// `paid rules remove NAME`

import { PaidError } from '../../../protocol/error.ts'
import { withDaemon } from '../../home.ts'
import { selfName } from '../../self.ts'
import { talk } from '../../talk.ts'
import { visible } from '../../visible.ts'

const remove = async ({ name }: { name: string }): Promise<void> => {
  const { removed } = await withDaemon((daemon) => daemon.call('rule.remove', { name }))
  if (!removed)
    throw new PaidError(
      'not_found',
      `There is no rule ${JSON.stringify(name)}`,
      `\`${selfName()} rules list\` names them.`,
    )
  await talk('success', visible(`${name}: removed`))
}

export default remove
