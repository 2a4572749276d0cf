// `paid publish CHANNEL [JSON]`: says something to whoever listens on a channel now. Prints the id when it is kept.

import { withDaemon } from '../home.ts'
import { readJson } from '../input.ts'
import { say } from '../output.ts'

type Given = { channel: string; json?: string | undefined; store: boolean }

const publish = async ({ channel, json = '{}', store }: Given): Promise<void> => {
  const data = await readJson(json, 'the message')
  const { ids } = await withDaemon((daemon) =>
    daemon.call('event.publish', { channel, type: 'message', data, transient: !store }),
  )
  for (const id of ids) say(id)
}

export default publish
