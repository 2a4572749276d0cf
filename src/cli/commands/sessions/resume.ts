// `paid sessions resume ID [PROMPT]`: goes on with a session that has ended, and shows what it says.

import { withDaemon } from '../../home.ts'
import { readText } from '../../input.ts'
import { say, tell } from '../../output.ts'
import { shortOf, view } from './view.ts'

type Given = { id: string; prompt?: string | undefined; detach: boolean }

const resume = async ({ id, prompt: given, detach }: Given): Promise<number | void> => {
  const prompt = given === undefined ? undefined : await readText(given)
  const { session, since } = await withDaemon(async (daemon) => {
    const { session: before } = await daemon.call('session.get', { id })
    const resumed = await daemon.call('session.resume', { id, ...(prompt !== undefined && { prompt }) })
    return { session: resumed.session, since: before?.lastEvent ?? resumed.session.lastEvent }
  })
  if (detach) return say(session.id)
  const watching = view(session.id, since)
  tell(`paid: session ${shortOf(session.id)} goes on (^C leaves it running)`)
  return await watching
}

export default resume
