// `paid sessions send ID TEXT`: says something to a session. The id of the message goes to stdout; how it gets there, when
// paid does not run the session, to stderr.

import { withDaemon } from '../../home.ts'
import { hooksStatus } from '../../hooks/install.ts'
import { whereOf } from '../../hooks/where.ts'
import { readText } from '../../input.ts'
import { say, tell } from '../../output.ts'
import { selfName } from '../../self.ts'
import { visibleLines } from '../../visible.ts'
import { WrongUsage } from '../../wrong-usage.ts'

const seeHelp = 'See `paid sessions send --help`.'

type Given = { id: string; text: string; now: boolean; note: boolean; wait: boolean }

const send = async ({ id, text: given, now, note, wait }: Given): Promise<number | void> => {
  if (now && note) throw new WrongUsage('--now and --note are not said together', seeHelp)
  if (note && wait)
    throw new WrongUsage('a note has no answer: --note and --wait are not said together', seeHelp)
  const text = await readText(given)
  const urgency = now ? 'now' : note ? 'note' : 'next-turn'
  return await withDaemon(async (daemon) => {
    const { message, way } = await daemon.call('session.send', { id, text, urgency })
    if (way !== 'stdin') tell(way === 'hook' ? waits[urgency] : ways[way])
    if (way === 'hook') warnOfHooks()
    if (!wait) return say(message)
    const { ok, result, error } = await daemon.call('session.wait', { id, message }, { timeoutMs: 0 })
    if (ok) return say(visibleLines(result))
    tell(`paid: ${visibleLines(error ?? 'It failed')}`)
    return 1
  })
}

export default send

const ways = {
  inbox: 'Given to the session through its own inbox: it reads it now',
  rewake: 'The session did nothing, and is woken with it',
}

/** Hooks that are not there, or that an earlier `paid` installed, ask for nothing. */
const warnOfHooks = (): void => {
  const { installed, outdated } = hooksStatus(whereOf('user'))
  const isHere = installed.length > 0 || hooksStatus(whereOf('project')).installed.length > 0
  if (isHere && outdated.length === 0) return
  const how = isHere ? 'in an earlier form' : 'not installed'
  tell(`paid: your hooks are ${how}, and may not ask: \`${selfName()} hooks install\` puts it right`)
}

/** until a hook of the session asks */
const waits = {
  now: 'Kept: the session reads it after its next tools, at the end of its turn, or with its next prompt',
  'next-turn': 'Kept: the session reads it at the end of its turn, or with its next prompt',
  note: 'Kept: the session reads it with its next prompt',
}
