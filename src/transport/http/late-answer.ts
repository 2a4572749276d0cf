// An answer that may take its time: its headers leave soon, so that whoever asked knows that somebody is at work, and what
// it says when it is known. Nobody works for one that has gone.

import { createPeer, endPeer, type Peer } from '../../core/peer.ts'
import { soon } from '../../lib/soon.ts'
import { jsonOk } from './answer.ts'
import type { Visit } from './route.ts'

/** well below what a hook waits for headers */
const promptMs = 100

/** blank before JSON: it brings the headers on their way and says nothing */
const blank = new TextEncoder().encode('\n')

/** @param work gets a caller of its own, which ends with the request */
export const answerLate = async (
  request: Request,
  { keepOpen }: Pick<Visit, 'keepOpen'>,
  { by, scope, namespace, cause }: Peer,
  work: (peer: Peer) => Promise<string>,
): Promise<Response> => {
  const peer = createPeer(by, scope, namespace, undefined, cause)
  const leave = (): void => endPeer(peer)
  if (request.signal.aborted) leave()
  request.signal.addEventListener('abort', leave)
  let text: string | undefined
  const done = work(peer).then((said) => {
    text = said
  })
  const over = (): void => {
    request.signal.removeEventListener('abort', leave)
    leave()
  }
  done.then(over, over)
  await soon(done, promptMs)
  if (text !== undefined) return jsonOk(text)
  keepOpen()
  const stream = new ReadableStream<Uint8Array>({
    start: async (controller) => {
      controller.enqueue(blank)
      try {
        await done
        controller.enqueue(new TextEncoder().encode(text))
        controller.close()
      } catch (error) {
        controller.error(error)
      }
    },
    cancel: leave,
  })
  return new Response(stream, { headers: { 'content-type': 'application/json' } })
}
