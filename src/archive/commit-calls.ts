// What the commits room asks of the archive (commits.ts). Times are epoch ms, `repository` is the git folder that all
// working trees share, paths are absolute.

import type { MadeBy } from '../protocol/commits.ts'
import type { Save, SavedPrompt } from '../lib/prompt-files.ts'
import type { Repository } from '../lib/repository.ts'

/** A file, and when it was last committed: changes after that are in question. */
export type FileSince = { path: string; since: number }

export type CommitCalls = {
  /** Sessions that changed these files, the last one first. */
  changedBy: {
    params: { repository: string; files: FileSince[]; until: number }
    result: { sessions: string[] }
  }
  /** Sessions in which something was said in this repository, the last one first. */
  activeIn: {
    params: { repository: string; since: number; until: number; limit: number }
    result: { sessions: string[] }
  }
  /**
   * Writes what was said in a session until then into `.prompts` of the repository, without secrets. Files are named
   * from that of `folders` they lie in. Nothing is saved when nothing was said; `reason`: why it could not be.
   */
  save: {
    params: { id: string; until: number; repository: Repository; folders: string[]; save: Save }
    result: { saved?: SavedPrompt; reason?: string }
  }
  /**
   * Of each session the message that changed one of the files last, and the turn it stands in; without one the turn
   * that went on at `until`. With `windows`, texts of which the first that is found counts, the message that wrote it;
   * `writers` is the session that did, also when it is none of those asked about.
   */
  behind: {
    params: { sessions: string[]; repository: string; files: FileSince[]; until: number; windows: string[] }
    result: { conversations: MadeBy[]; writers: string[] }
  }
}

export type CommitAnswers = {
  [N in keyof CommitCalls]: (
    params: CommitCalls[N]['params'],
  ) => CommitCalls[N]['result'] | Promise<CommitCalls[N]['result']>
}
