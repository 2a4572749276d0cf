// What the main thread asks of the archive in the worker, and what it hears. A room adds its calls here, and what
// answers them to `answers` of archive.ts.
// A call is answered in slices: none keeps others waiting for longer than a few milliseconds of work at once.

import type { CommitCalls } from './commit-calls.ts'
import type { PromptCalls } from './prompt-calls.ts'
import type { ArchivedMessage, ArchivedSession, ImportTotals, Verified } from '../protocol/archive.ts'

export type ArchiveCalls = CommitCalls &
  PromptCalls & {
    /** Takes in what a transcript, and those of its subagents, grew by. */
    take: { params: { paths: string[] }; result: { sessions: Grown[] } }
    /** Looks at every file that was read before. */
    retake: { params: Record<string, never>; result: { sessions: Grown[] } }
    /** Takes in every transcript under a folder; tells `progress` under `job`. */
    import: { params: { folder: string; since?: number; job: string }; result: ImportTotals }
    cancel: { params: { job: string }; result: Record<string, never> }
    /** How sessions hang together, as hooks told. */
    link: { params: Link; result: Record<string, never> }
    /** Which of these captured sessions have more than is kept: `upTo` is the number of their last event. */
    captured: {
      params: { sessions: { id: string; upTo: number }[] }
      result: { behind: { id: string; after: number }[] }
    }
    /** What a captured session told, each a JSON text by the number of its event: what was kept is not kept again. */
    capture: { params: { session: CapturedSession; told: { seq: number; line: string }[] }; result: Grown }
    sessions: {
      params: { limit: number; before?: number }
      result: { sessions: ArchivedSession[]; next?: number }
    }
    session: { params: { id: string }; result: { session: ArchivedSession } }
    show: {
      params: { id: string; after?: number; limit: number; talk?: boolean }
      result: { session: ArchivedSession; messages: ArchivedMessage[]; next?: number }
    }
    export: {
      params: { id: string; format: 'md' | 'json' | 'jsonl' | 'html'; after?: number }
      result: { text: string; found: Record<string, number>; next?: number }
    }
    verify: { params: { after?: number }; result: Verified }
  }

export type Grown = { session: string; messages: number; records: number; bytes: number }

export type Link = { session: string; parent: string; kind: 'clear' | 'resume' | 'fork' | 'compact' }

export type CapturedSession = {
  id: string
  tool: string
  folder?: string
  model?: string
  startedAt: number
}

export type CallName = keyof ArchiveCalls
export type CallParams<N extends CallName> = ArchiveCalls[N]['params']
export type CallResult<N extends CallName> = ArchiveCalls[N]['result']

/** Answers of the worker, by name. */
export type Answers = {
  [N in CallName]: (params: CallParams<N>) => CallResult<N> | Promise<CallResult<N>>
}

/** What the worker says unasked. */
export type Progress = {
  job: string
  files: number
  filesDone: number
  bytes: number
  bytesDone: number
  messages: number
  bad: number
}

/** What stands around the archive, and what it must not keep. */
export type ArchiveSettings = { path: string; exclude: readonly string[] }

export type ArchiveRequest = {
  kind: 'archive'
  id: number
  settings: ArchiveSettings
  call: CallName
  params: unknown
}
export type ArchiveReply =
  | { kind: 'archive'; id: number; result: unknown }
  | { kind: 'archive'; id: number; error: { code: string; message: string; hint: string } | string }
  | { kind: 'progress'; progress: Progress }

/** The archive as rooms of the main thread have it. */
export type ArchiveClient = {
  call: <N extends CallName>(name: N, params: CallParams<N>) => Promise<CallResult<N>>
  /** Hears how imports get on; gives back what ends that. */
  onProgress: (hear: (progress: Progress) => void) => () => void
  /** Ends the worker. What was answered is kept; the rest is read again. */
  close: () => Promise<void>
}
