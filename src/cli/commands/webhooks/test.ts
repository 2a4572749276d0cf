// `paid webhooks test NAME [JSON]`: the daemon signs and sends; the secret stays with it.

import { withDaemon } from '../../home.ts'
import { readJson } from '../../input.ts'
import { answered, answerWithinMs } from './answered.ts'

type Given = { name: string; body?: string | undefined; json: boolean }

const test = async ({ name, body: given = '{}', json }: Given): Promise<number> => {
  const body = await readJson(given, 'what is sent')
  return answered(
    await withDaemon((daemon) => daemon.call('webhook.test', { name, body }, { timeoutMs: answerWithinMs })),
    json,
  )
}

export default test
