// `paid webhooks redeliver NAME DELIVERY`: once more, with what was sent then.

import { withDaemon } from '../../home.ts'
import { answered, answerWithinMs } from './answered.ts'

type Given = { name: string; delivery: string; json: boolean }

const redeliver = async ({ name, delivery, json }: Given): Promise<number> =>
  answered(
    await withDaemon((daemon) =>
      daemon.call('webhook.redeliver', { name, delivery }, { timeoutMs: answerWithinMs }),
    ),
    json,
  )

export default redeliver
