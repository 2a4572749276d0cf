// `paid emit TYPE [JSON]`: posts one event, prints its id.

import type { Run } from '../command.ts'
import { withDaemon } from '../home.ts'
import { readJson } from '../input.ts'
import { say } from '../output.ts'
import { WrongUsage } from '../wrong-usage.ts'

type Flags = { session: string | undefined; channel: string | undefined; key: string | undefined }

const emit: Run<Flags> = async ({ args: [type = '', given = '{}'], flags: { session, channel, key } }) => {
  if (session !== undefined && channel !== undefined)
    throw new WrongUsage(
      '--session and --channel are two places',
      'Give one: a session is the channel session:ID.',
    )
  const data = await readJson(given, 'the data')
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
