// Starting a session as Happy's clients ask for one: in a folder of theirs, which is made when they approve.

import { PaidError } from '../../../protocol/error.ts'
import type { Session } from '../../../protocol/sessions.ts'
import { folderAt } from '../../../lib/made-folder.ts'
import type { Dispatch } from '../../../core/dispatch.ts'
import type { Peer } from '../../../core/peer.ts'
import type { SpawnBody } from '../../dialects/happy.ts'

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

/** what Happy calls the model and the mode that nobody chose */
const unset = new Set(['', 'default'])
const chosen = (text: string | undefined): string | undefined =>
  text === undefined || unset.has(text) ? undefined : text

/** The session; or, when its folder is missing and may not be made, that it needs approval. Throws what else is wrong. */
export const spawnIn = async (
  dispatch: Dispatch,
  peer: Peer,
  body: SpawnBody,
): Promise<Session | 'needs approval'> => {
  const { directory, sessionId, agent, environmentVariables = {}, prompt, title, permissionMode } = body
  if (agent !== undefined && agent !== 'claude')
    throw new PaidError('bad_request', `There is no agent ${agent} here`, 'The agent is claude.')
  if (Object.keys(environmentVariables).length > 0)
    throw new PaidError(
      'bad_request',
      'A session takes no environmentVariables',
      'It gets those that the daemon was started with; settings of Claude Code can name more.',
    )
  const found = await folderAt(directory, body.approvedNewDirectoryCreation === true)
  if (found === 'missing') return 'needs approval'
  if (found !== 'there')
    throw new PaidError('bad_request', `The folder ${directory} cannot be used: ${found.fault}`, '')

  const known =
    sessionId === undefined ? null : (await dispatch(peer, 'session.get', { id: sessionId })).session
  if (known) {
    const params = { id: known.id, ...(prompt !== undefined && { prompt }) }
    return (await dispatch(peer, 'session.resume', params)).session
  }
  if (sessionId !== undefined && !uuid.test(sessionId))
    throw new PaidError('unknown_session', `There is no session ${JSON.stringify(sessionId)}`)
  const model = body.model ?? chosen(body.modelMode)
  const mode = chosen(permissionMode)
  const { session } = await dispatch(peer, 'session.spawn', {
    directory,
    ...(sessionId !== undefined && { id: sessionId }),
    ...(prompt !== undefined && { prompt }),
    ...(title !== undefined && { title }),
    ...(model !== undefined && { model }),
    ...(mode !== undefined && { permissionMode: mode }),
  })
  return session
}
