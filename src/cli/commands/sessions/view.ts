// A session to watch in a terminal: what Claude says on stdout as it is said, everything around it on stderr.
// Who comes late sees every message that was finished, and then what is said from there on.

import { follow } from '../../../client/follow.ts'
import { unixLine } from '../../../client/lines/unix.ts'
import type { Event } from '../../../protocol/event.ts'
import { here } from '../../home.ts'
import { hasColours, sayPart, tell } from '../../output.ts'
import { whenReaderGone } from '../../reader-gone.ts'
import { tellingPart } from '../../telling.ts'
import { visible, visibleLines } from '../../visible.ts'

export const shortOf = (id: string): string => (/^[0-9a-f]{8}-/.test(id) ? id.slice(0, 8) : id)

const dim = (text: string): string => (hasColours(2) ? `\u001b[2m${text}\u001b[0m` : text)

type Data = Record<string, unknown>

const textIn = (data: Data, name: string): string => {
  const value = data[name]
  return typeof value === 'string' ? value : ''
}

/**
 * Resolves with the exit code when the session has ended, or when ^C leaves it.
 * @param ends of earlier runs, up to this event
 */
export const view = async (id: string, since: number | string, ends = 0): Promise<number> => {
  const ending = new AbortController()
  const short = shortOf(id)
  const leave = (): void => {
    tell(
      `\npaid: ${short} runs on; \`paid sessions watch ${short}\` shows it, \`paid sessions stop ${short}\` ends it`,
    )
    ending.abort()
  }
  process.once('SIGINT', leave)
  const stopLooking = whenReaderGone(() => ending.abort())
  const show = createScreen(short)
  const onState = (state: 'following' | 'lost' | 'lagged'): void => {
    if (state === 'lost') tell('paid: the daemon went away; waiting for it')
  }
  try {
    const wanted = { channel: `session:${id}`, since, transient: true }
    for await (const event of follow(wanted, {
      open: unixLine(here().socket),
      signal: ending.signal,
      onState,
    })) {
      const code = show(event)
      if (code !== undefined && (event.seq ?? 0) > ends) return code
    }
    return 0
  } finally {
    process.off('SIGINT', leave)
    stopLooking()
  }
}

const around = new Set(['tool.started', 'tool.finished', 'message.expired'])

const createScreen = (short: string) => {
  /** of the message that is being said: what stands on the screen, and which piece comes next */
  let shown = ''
  let next = 0
  let whole = true
  /** whether the turn has said anything */
  let spoke = false

  const line = (text: string): void => {
    if (shown !== '') sayPart('\n')
    shown = ''
    tell(dim(text))
  }

  const chunk = (data: Data): void => {
    // in the middle of a message it is not begun with: that comes whole at its end
    if (data['index'] !== next) whole = false
    next = Number(data['index']) + 1
    if (!whole || data['kind'] !== 'text') return
    shown += textIn(data, 'text')
    sayPart(visibleLines(textIn(data, 'text')))
  }

  const said = (data: Data): void => {
    const text = textOf(data)
    if (data['role'] !== 'assistant' || data['parent'] !== undefined || text === '') return
    spoke = true
    if (shown !== text) {
      if (shown !== '') sayPart('\n')
      sayPart(visibleLines(text))
    }
    sayPart('\n')
    shown = ''
    whole = true
  }

  /** The exit code, once there is nothing more to come. */
  return ({ type, data: given }: Event): number | undefined => {
    const data: Data = Object(given)
    if (type === 'session.chunk') chunk(data)
    else if (type === 'message.said') said(data)
    else if (type === 'turn.started') {
      next = 0
      whole = true
      spoke = false
      line(`> ${visibleLines(textIn(data, 'text'))}`)
    } else if (type === 'turn.finished') {
      if (data['ok'] !== true) line(`paid: the turn failed: ${visibleLines(textIn(data, 'error'))}`)
      // a command such as /cost answers without a message
      else if (!spoke && textIn(data, 'result') !== '') sayPart(`${visibleLines(textIn(data, 'result'))}\n`)
    } else if (type === 'permission.requested') {
      line(`paid: Claude asks to use ${visible(tellingPart(type, data))}`)
      line(`  paid sessions approve ${short}   or   paid sessions deny ${short}`)
    } else if (type === 'elicitation.requested') {
      line(`paid: ${visible(tellingPart(type, data))}`)
      line(`  paid sessions approve ${short} --input '{…}'   or   paid sessions deny ${short}`)
    } else if (type === 'elicitation.answered' || type === 'elicitation.cancelled')
      line(`paid: ${visible(tellingPart(type, data))}`)
    else if (type === 'permission.answered')
      line(`paid: ${data['allow'] === true ? 'allowed' : 'denied'} by ${visible(textIn(data, 'by'))}`)
    else if (type === 'session.ended' || type === 'session.lost') return ended(type, data)
    else if (around.has(type)) line(`  ${type}  ${visible(tellingPart(type, data))}`)
    return undefined
  }

  function ended(type: string, data: Data): number {
    const status = type === 'session.lost' ? 'lost' : textIn(data, 'status')
    const why = textIn(data, 'why') || textIn(data, 'error') || textIn(data, 'stderr')
    line(`paid: the session has ended (${status})${why === '' ? '' : `: ${visibleLines(why)}`}`)
    line(`  paid sessions resume ${short}   goes on with it`)
    return status === 'completed' || status === 'terminated' ? 0 : 1
  }
}

const textOf = ({ content }: Data): string => {
  if (!Array.isArray(content)) return ''
  return content
    .flatMap((block) => (Object(block).type === 'text' ? [textIn(Object(block), 'text')] : []))
    .join('\n')
}
