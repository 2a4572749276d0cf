// `paid keys list`: who may come in, and who is there.

import type { Key } from '../../../protocol/keys.ts'
import { listing } from '../../listing.ts'
import { fit, nameColumn, visible } from '../../visible.ts'

const nameWidth = 24

const keyLine = (key: Key): string => {
  const when = (at: number): string => new Date(at).toISOString()
  const more = [
    key.scopes.length === 0 ? 'everything' : key.scopes.join(' '),
    ...(key.organization === undefined ? [] : [`organization ${key.organization}`]),
    ...(key.expiresAt === undefined ? [] : [`until ${when(key.expiresAt)}`]),
    ...(key.revokedAt === undefined ? [] : [`since ${when(key.revokedAt)}`]),
    ...(key.instance === undefined ? [] : [`instance ${key.instance}`]),
    ...(key.heardAt === undefined ? [] : [`heard ${when(key.heardAt)}`]),
  ]
  const there = key.online ? 'online' : 'offline'
  return `${nameColumn(key.name, nameWidth)}  ${fit(key.state, 7)}  ${fit(there, 7)}  ${visible(more.join(', '))}`
}

const list = listing(
  async (daemon, from) => {
    const { keys, next } = await daemon.call('key.list', from)
    return { items: keys, next }
  },
  (key) => keyLine(key),
  'There are no keys: `paid keys add --help`.',
)

export default list
