// The capture daemon's words: `{"command": …}` as calls of ours, and what ours answer as its replies. Its clients know
// no ids and no errors but `{"error": text}`; they read a reply in one piece of at most 64 KiB, and take it for success
// when a session is unknown.
// Source: gitify-prompt's capture daemon, its document and what its server answered.

import type { Captured } from '../../protocol/capture.ts'
import { PaidError } from '../../protocol/error.ts'
import type { Dispatch } from '../../core/dispatch.ts'
import type { Peer } from '../../core/peer.ts'
import { isFields } from '../../lib/fields.ts'

export type CaptureFrame = Record<string, unknown> & { readonly command: string }

type Meaning = {
  /** its answer may be large */
  readonly reads: boolean
  readonly reply: (frame: CaptureFrame, dispatch: Dispatch, peer: Peer) => Promise<object>
}

/** what a reply may have, below what old clients read at once */
const replyBytes = 60 * 1024

const text = (frame: CaptureFrame, field: string): string => {
  const value = frame[field]
  if (typeof value === 'string') return value
  throw new PaidError('bad_request', `${frame.command}: ${field} must be a string`)
}

const textIfGiven = (frame: CaptureFrame, field: string): string | undefined =>
  frame[field] === undefined || frame[field] === null ? undefined : text(frame, field)

const commitOf = (frame: CaptureFrame): { commit?: string } => {
  const commit = textIfGiven(frame, 'commitSha')
  return commit === undefined || commit === '' ? {} : { commit }
}

const success = { success: true }

const meanings: Record<string, Meaning> = {
  ping: { reads: false, reply: () => Promise.resolve({ pong: true }) },

  createSession: {
    reads: false,
    reply: async (frame, dispatch, peer) => {
      const { tool, metadata } = frame
      const { session, kept } = await dispatch(peer, 'capture.start', {
        ...(typeof tool === 'string' && tool !== '' && { tool }),
        metadata: isFields(metadata) ? metadata : {},
      })
      return { sessionId: session, ...(!kept && { kept }) }
    },
  },

  addMessage: {
    reads: false,
    reply: async (frame, dispatch, peer) => {
      const [session, role, content] = [text(frame, 'sessionId'), text(frame, 'role'), text(frame, 'content')]
      await dispatch(peer, 'capture.message', { session, role, content })
      return success
    },
  },

  addCodeChange: {
    reads: false,
    reply: async (frame, dispatch, peer) => {
      const before = textIfGiven(frame, 'beforeContent')
      const after = textIfGiven(frame, 'afterContent')
      const [session, filePath] = [text(frame, 'sessionId'), text(frame, 'filePath')]
      await dispatch(peer, 'capture.change', {
        session,
        filePath,
        ...(before !== undefined && { before }),
        ...(after !== undefined && { after }),
      })
      return success
    },
  },

  saveSession: {
    reads: false,
    reply: async (frame, dispatch, peer) => {
      const session = text(frame, 'sessionId')
      const { kept } = await dispatch(peer, 'capture.save', { session, ...commitOf(frame) })
      return kept === 'archive' ? { ...success, kept } : success
    },
  },

  saveSessionsForRepo: {
    reads: false,
    reply: async (frame, dispatch, peer) => {
      const repository = text(frame, 'repoPath')
      const { saved, failed } = await dispatch(peer, 'capture.saveRepository', {
        repository,
        ...commitOf(frame),
      })
      return { ...success, sessionsSaved: saved, ...(failed > 0 && { failed }) }
    },
  },

  getActiveSessions: {
    reads: true,
    reply: async (frame, dispatch, peer) => {
      const repository = textIfGiven(frame, 'repoPath')
      const { sessions, next } = await dispatch(peer, 'capture.list', {
        ...(repository !== undefined && { repository }),
      })
      const shown = sessions.map(sessionOf)
      if (next === undefined && bytesOf({ sessions: shown }) <= replyBytes) return { sessions: shown }
      return { sessions: shortened(shown), truncated: true }
    },
  },

  getConfig: {
    reads: true,
    reply: async (_frame, dispatch, peer) => {
      const { settings } = await dispatch(peer, 'capture.status', {})
      return { config: settings }
    },
  },

  status: {
    reads: true,
    reply: async (_frame, dispatch, peer) => {
      const { active, folders, settings } = await dispatch(peer, 'capture.status', {})
      return {
        running: true,
        activeSessions: active,
        ...(bytesOf(folders) <= replyBytes
          ? { sessionsByRepo: folders }
          : { sessionsByRepo: fitting(folders), truncated: true }),
        config: settings,
      }
    },
  },
}

const iso = (at: number): string => new Date(at).toISOString()

type Shown = ReturnType<typeof sessionOf>

const sessionOf = ({ id, tool, startedAt, messages, changes, metadata }: Captured) => ({
  id,
  ...(tool !== undefined && { tool }),
  startTime: iso(startedAt),
  messages: messages.map(({ role, content, at }) => ({ role, content, timestamp: iso(at) })),
  codeChanges: changes.map(({ filePath, before, after, at }) => ({
    filePath,
    ...(before !== null && { beforeContent: before }),
    ...(after !== null && { afterContent: after }),
    timestamp: iso(at),
  })),
  metadata,
})

const bytesOf = (reply: object): number => Buffer.byteLength(JSON.stringify(reply))

/** The first folders that fit. */
const fitting = (folders: Readonly<Record<string, number>>): Record<string, number> => {
  let left = replyBytes
  const fit = Object.entries(folders).filter((entry) => (left -= bytesOf(entry)) > 0)
  return Object.fromEntries(fit)
}

/** As many as fit, their texts cut ever shorter, at last without any: old clients count, and show no text. */
const shortened = (sessions: readonly Shown[]): Shown[] => {
  for (const length of [1000, 100, 0]) {
    const cut = sessions.map((session) => ({
      ...session,
      messages: session.messages.map((said) => ({ ...said, content: said.content.slice(0, length) })),
      codeChanges: session.codeChanges.map(({ filePath, timestamp }) => ({ filePath, timestamp })),
    }))
    if (bytesOf({ sessions: cut }) <= replyBytes) return cut
  }
  const bare = sessions.map((session) => ({ ...session, messages: [], codeChanges: [] }))
  let fit = bare.length
  while (fit > 0 && bytesOf({ sessions: bare.slice(0, fit) }) > replyBytes) fit = Math.floor(fit / 2)
  return bare.slice(0, fit)
}

export const isCaptureFrame = (frame: unknown): frame is CaptureFrame =>
  isFields(frame) && typeof frame['command'] === 'string'

export const captureMeaning = ({ command }: CaptureFrame): Meaning | undefined =>
  Object.hasOwn(meanings, command) ? meanings[command] : undefined

/** What its clients hear of a request that is none, whatever it is. */
export const unknownCommand = (frame: unknown): string =>
  errorReply(`Unknown command: ${isFields(frame) ? wordOf(frame['command']) : 'undefined'}`)

const wordOf = (value: unknown): string => {
  if (value === undefined) return 'undefined'
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 200)
}

export const errorReply = (error: string): string => JSON.stringify({ error })
