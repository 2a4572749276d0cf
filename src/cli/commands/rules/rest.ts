// `paid rules pause NAME` and `paid rules resume NAME`

import { withDaemon } from '../../home.ts'
import { talk } from '../../talk.ts'
import { visible } from '../../visible.ts'

const rest = async ({ name }: { name: string }, pause: boolean): Promise<void> => {
  const changed = await withDaemon(async (daemon) =>
    pause
      ? (await daemon.call('rule.pause', { name })).paused
      : (await daemon.call('rule.resume', { name })).resumed,
  )
  const how = pause ? (changed ? 'rests' : 'rested already') : changed ? 'goes on' : 'was not resting'
  await talk('success', visible(`${name} ${how}`))
}

export default rest
