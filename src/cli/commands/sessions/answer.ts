// Answering what a session asks for; exit code 1 when somebody was first.

import type { Params } from '../../../protocol/api.ts'
import { withDaemon } from '../../home.ts'
import { talk } from '../../talk.ts'
import { visible } from '../../visible.ts'

type Answer = Omit<Params<'session.answer'>, 'request'> & { request: string | undefined }

export const answer = async ({ request, ...rest }: Answer): Promise<number> => {
  const asked = { ...rest, ...(request !== undefined && { request }) }
  const { answered, by } = await withDaemon((daemon) => daemon.call('session.answer', asked))
  if (answered) await talk('success', rest.allow ? 'Allowed' : 'Denied')
  else await talk('error', `Too late: ${visible(by ?? 'somebody')} answered first`)
  return answered ? 0 : 1
}
