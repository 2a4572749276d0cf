// Photon's `ps`: what its daemon looks after, in arrays. Declared are all jobs, active those whose next run is planned;
// what ours has no such thing as is empty. Promises: one line of less than 64 KiB; an array that had more says so in
// `more`.

import type { Job } from '../../../protocol/jobs.ts'
import type { Session } from '../../../protocol/sessions.ts'
import type { Webhook } from '../../../protocol/webhooks.ts'
import { listed } from './jobs.ts'
import { fitting, type Meanings } from './meaning.ts'

/** of each of the four arrays that can be long */
const arrayBytes = 14 * 1024

/** Without its arguments, which alone can fill a line. */
const listedJob = (job: Job) => listed({ ...job, args: undefined })

const listedWebhook = ({ name, path, scheme, do: method, publish }: Webhook) => ({
  name,
  path,
  scheme,
  ...(method !== undefined && { method }),
  ...(publish !== undefined && { channel: publish }),
})

const listedSession = ({ id, title, folder, events, firstAt, lastAt }: Session) => ({
  id,
  ...(title !== undefined && { title }),
  ...(folder !== undefined && { workingDir: folder }),
  events,
  createdAt: firstAt,
  lastActivity: lastAt,
})

export const psMeanings: Meanings = {
  ps: {
    needs: [],
    reads: true,
    reply: async (_frame, dispatch, peer) => {
      const [found, hooks, heard] = await Promise.all([
        dispatch(peer, 'job.list', {}),
        dispatch(peer, 'webhook.list', {}),
        dispatch(peer, 'session.list', {}),
      ])
      const planned = found.jobs.filter(({ state }) => state === 'scheduled')
      const active = fitting(planned.map(listedJob), arrayBytes)
      const declared = fitting(
        found.jobs.map((job) => ({ ...listedJob(job), active: job.state === 'scheduled', state: job.state })),
        arrayBytes,
      )
      const webhooks = fitting(hooks.webhooks.map(listedWebhook), arrayBytes)
      const sessions = fitting(heard.sessions.map(listedSession), arrayBytes)
      const more = [
        ...(active.left || found.next !== undefined ? ['active'] : []),
        ...(declared.left || found.next !== undefined ? ['declared'] : []),
        ...(webhooks.left || hooks.next !== undefined ? ['webhooks'] : []),
        ...(sessions.left ? ['sessions'] : []),
      ]
      return {
        success: true,
        data: {
          active: active.fit,
          declared: declared.fit,
          webhooks: webhooks.fit,
          sessions: sessions.fit,
          suppressed: [],
          lines: [],
          suppressedLines: [],
          ...(more.length > 0 && { more }),
        },
      }
    },
  },
}
