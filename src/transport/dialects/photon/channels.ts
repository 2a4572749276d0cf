// Photon's words for channels: what is published, and what was missed. Subscriptions are in ../../photon.ts.

import { seqOfId } from '../../../protocol/event.ts'
import { noMessage, resumeOf } from './frames.ts'
import { fitting, name, type Meanings } from './meaning.ts'

const eventsPage = 500

export const channelMeanings: Meanings = {
  publish: {
    needs: ['channel'],
    reads: false,
    reply: async (frame, dispatch, peer) => {
      const { message, store } = frame
      const channel = name(frame, 'channel')
      const { ids } = await dispatch(peer, 'event.publish', {
        channel,
        type: 'message',
        data: message === undefined ? null : message,
        ...(message === undefined && { origin: noMessage }),
        transient: store !== true,
        echo: false,
      })
      const [id] = ids
      const more = id === undefined ? {} : { eventId: seqOfId(id) }
      return { success: true, data: { published: true, channel }, more }
    },
  },
  get_events_since: {
    needs: ['channel'],
    reads: true,
    reply: async (frame, dispatch, peer) => {
      const since = resumeOf(frame['lastEventId'])
      const [newest] = (await dispatch(peer, 'event.list', { all: true, limit: 1 })).events
      if (since === undefined || since > (newest?.seq ?? 0))
        return { success: true, data: { events: [], refreshNeeded: true } }
      const channel = name(frame, 'channel')
      const found = await dispatch(peer, 'event.list', { channel, since, limit: eventsPage })
      const { fit, left } = fitting(
        found.events.map((event) => ({
          eventId: event.seq,
          id: `ch_${event.seq}`,
          channel: event.channel,
          ...(event.origin?.['message'] !== noMessage.message && { message: event.data }),
          timestamp: event.at,
        })),
      )
      const more = left || found.events.length === eventsPage
      return {
        success: true,
        data: { events: fit, refreshNeeded: false, ...(more && { more, lastEventId: fit.at(-1)?.eventId }) },
      }
    },
  },
}
