// Kinds of events as they are typed, `type=Stop,channel=board:*`, and as they are shown.

import type { EventFilter } from '../../../protocol/events.ts'
import { WrongUsage } from '../../wrong-usage.ts'

const shape = /^(type|channel|session|all)=(.*)$/s
/** a comma in front of what is no key belongs to the value before it */
const between = /,(?=(?:type|channel|session|all)=)/

const example =
  "Write --on 'type=Stop', --on 'channel=board:*', --on session=ID, or some of them with commas between."

export const kindOf = (text: string): EventFilter => {
  const kind: EventFilter & { channel?: string[] } = {}
  for (const part of text.split(between)) {
    const [, key, value = ''] = shape.exec(part) ?? []
    if (key === undefined || value === '')
      throw new WrongUsage(`--on does not know ${part || 'nothing'}`, example)
    if (key === 'channel') (kind.channel ??= []).push(value)
    else if (key === 'all') kind.all = value !== '0' && value !== 'false'
    else if (key === 'type' && kind.type === undefined) kind.type = value
    else if (key === 'session' && kind.session === undefined) kind.session = value
    else throw new WrongUsage(`--on has two of ${key}=`, 'Give --on once for each kind of event.')
  }
  return kind
}

export const kindText = ({ type, channel, session, all }: EventFilter): string =>
  [
    type !== undefined && `type=${type}`,
    ...[channel ?? []].flat().map((name) => `channel=${name}`),
    session !== undefined && `session=${session}`,
    all !== undefined && `all=${all ? 1 : 0}`,
  ]
    .filter((part) => part !== false)
    .join(',') || 'anything'
