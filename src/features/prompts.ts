// THE PROMPTS ROOM: kept conversations found again, by what was said in them, by where, and by what they changed.
// Promises: nothing is looked through on the daemon's own thread; whatever is typed is an answer.
// Refuses: callers of other namespaces: the archive is of the home.

import type { ArchiveClient } from '../archive/calls.ts'
import type { Scope } from '../archive/prompt-calls.ts'
import type { HandlersFor } from '../core/dispatch.ts'
import type { Log } from '../core/log.ts'
import type { Peer } from '../core/peer.ts'
import { repositoryOf } from '../lib/repository.ts'
import { PaidError } from '../protocol/error.ts'
import { commitsOf } from './prompts/commits.ts'

type Asked = { repository?: string | undefined; since?: number | undefined; tool?: string | undefined }

export const createPrompts = ({
  log,
  archive,
  exists,
}: {
  log: Log
  archive: ArchiveClient
  /** whether there is an archive already */
  exists: () => boolean
}): HandlersFor<'prompt'> => ({
  'prompt.search': async ({ text, limit, ...asked }, peer) => {
    own(peer)
    if (!exists()) return { hits: [], order: 'rank', count: 0 }
    return await archive.call('search', { text, limit, scope: await scopeOf(asked) })
  },

  'prompt.list': async ({ session, limit, before, ...asked }, peer) => {
    own(peer)
    if (!exists() && session === undefined) return { conversations: [] }
    const { conversations, next } = await archive.call('conversations', {
      scope: await scopeOf(asked),
      limit,
      ...(before !== undefined && { before }),
      ...(session !== undefined && { id: session }),
    })
    const sessions = conversations.map((each) => each.session)
    const commits = await log.read((reader) => commitsOf(reader, sessions))
    return {
      conversations: conversations.map((each) => ({ ...each, commits: commits.get(each.session.id) ?? [] })),
      ...(next !== undefined && { next }),
    }
  },

  'prompt.diff': ({ session, after }, peer) => {
    own(peer)
    return archive.call('changes', { id: session, ...(after !== undefined && { after }) })
  },
})

const scopeOf = async ({ repository, since, tool }: Asked): Promise<Scope> => {
  const scope: Scope = {}
  if (since !== undefined) scope.since = since
  if (tool !== undefined) scope.tool = tool
  if (repository !== undefined) {
    const folder = repository.replace(/(?<=.)\/+$/, '')
    const found = await repositoryOf(folder).catch(() => undefined)
    scope.repository = found ? { folder: found.toplevel, common: found.common } : { folder }
  }
  return scope
}

const own = ({ namespace }: Peer): void => {
  if (namespace !== '')
    throw new PaidError(
      'forbidden',
      'The archive is of this home, not of a namespace in it',
      'Ask over paid.sock.',
    )
}
