// Photon's commands: a command is a run of an action, asked and told in photon's frames under the command's own id. What
// a run asks goes to the connection that issued its command, and only an answer from there counts; an answer to
// nothing is passed over without a word, as it always was.

import { PaidError } from '../../../protocol/error.ts'
import type { Dispatch } from '../../../core/dispatch.ts'
import type { Peer, Tell } from '../../../core/peer.ts'
import type { Reply } from './frames.ts'
import { name, type PhotonFrame } from './meaning.ts'

/** @param tell sends a text to the connection; false when it is behind with reading */
export const createCommands = (dispatch: Dispatch, tell: (text: string) => boolean) => {
  /** what was asked and is not answered, by the id of its command, oldest first */
  const asked = new Map<string, { prompt: string; peer: Peer }[]>()

  const tellIn =
    (id: string, peer: Peer): Tell =>
    (frame) => {
      if ('emit' in frame) return tell(JSON.stringify({ type: 'emit', id, emitData: frame.emit }))
      if (!('prompt' in frame)) return false
      const { prompt, ask } = frame
      asked.set(id, [...(asked.get(id) ?? []), { prompt, peer }])
      return tell(JSON.stringify({ type: 'prompt', id, prompt: ask }))
    }

  return {
    run: async (frame: PhotonFrame, peer: Peer): Promise<Reply> => {
      const { id, args } = frame
      const method = name(frame, 'method')
      const caller = { ...peer, tell: tellIn(id, peer) }
      try {
        const { result, durationMs } = await dispatch(caller, 'action.run', {
          name: method,
          ...(args !== undefined && args !== null && { args }),
          prompts: true,
        })
        return { success: true, data: result, more: { durationMs } }
      } catch (error) {
        if (error instanceof PaidError && error.code === 'unknown_action')
          throw new PaidError(error.code, `Tool not found: ${method}`, error.hint)
        throw error
      } finally {
        asked.delete(id)
      }
    },

    /** Nobody is told how that went. */
    answer: ({ id, promptValue = null }: PhotonFrame): void => {
      const [first, ...rest] = asked.get(id) ?? []
      if (!first) return
      if (rest.length > 0) asked.set(id, rest)
      else asked.delete(id)
      // too late is as good as never
      dispatch(first.peer, 'action.reply', { prompt: first.prompt, value: promptValue }).catch(() => {})
    },
  }
}
