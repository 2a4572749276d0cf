// Photon's words for the daemon itself.

import type { Meanings } from './meaning.ts'

export const daemonMeanings: Meanings = {
  status: {
    needs: [],
    reads: true,
    reply: async (_frame, dispatch, peer) => {
      const found = await dispatch(peer, 'system.status', {})
      const uptime = Math.floor(found.uptimeMs / 1000)
      const memoryMB = Math.round(found.memoryBytes / 1024 / 1024)
      const { subscriptions } = found.peers
      return {
        success: true,
        data: { uptime, memoryMB, sessions: found.log.sessions, subscriptions, photonsLoaded: 0 },
      }
    },
  },
  shutdown: {
    needs: [],
    reads: false,
    reply: async (_frame, dispatch, peer) => {
      await dispatch(peer, 'system.stop', { reason: 'photon shutdown' })
      return { success: true, data: { message: 'Shutting down' } }
    },
  },
}
