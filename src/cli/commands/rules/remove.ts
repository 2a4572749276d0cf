// `paid rules remove NAME`

import { withDaemon } from '../../home.ts'
import { talk } from '../../talk.ts'
import { visible } from '../../visible.ts'

const remove = async ({ name }: { name: string }): Promise<void> => {
  const { removed } = await withDaemon((daemon) => daemon.call('rule.remove', { name }))
  await talk('success', visible(removed ? `${name} is gone` : `there was no rule ${name}`))
}

export default remove
