// `paid emit TYPE [JSON]`: posts one event, prints its id.

import { withDaemon } from '../home.ts'
import { readJson } from '../input.ts'
import { say } from '../output.ts'
import { WrongUsage } from '../wrong-usage.ts'

type Given = {
  type: string
  json?: string | undefined
  session?: string | undefined
  channel?: string | undefined
  key?: string | undefined
}

const emit = async ({ type, json = '{}', session, channel, key }: Given): Promise<void> => {
  if (session !== undefined && channel !== undefined)
    throw new WrongUsage(
      '--session and --channel are two places',
      'Give one: a session is the channel session:ID.',
    )
  const data = await readJson(json, 'the data')
  const place = session === undefined ? channel : `session:${session}`
  const { ids } = await withDaemon((daemon) =>
    daemon.call('event.publish', {
      type,
      data,
      ...(place === undefined ? {} : { channel: place }),
      ...(key === undefined ? {} : { key }),
    }),
  )
  say(ids.join('\n'))
}

export default emit
