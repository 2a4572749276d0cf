// What the prompts room asks of the archive (search.ts, changes.ts). Times are epoch milliseconds, paths absolute.

import type { ArchivedSession } from '../protocol/archive.ts'
import type { FileChange, Hit } from '../protocol/prompts.ts'

/** Which sessions are meant; without a word all of them. */
export type Scope = {
  /** `common` is the git folder that all working trees of a repository share, when the folder is in one */
  repository?: { folder: string; common?: string }
  /** what was said since then; sessions that went on since then */
  since?: number
  /** the program that the session was held with */
  tool?: string
}

export type Asked = {
  session: ArchivedSession
  /** the beginning of its first prompt */
  prompt?: string
}

export type PromptCalls = {
  /** Messages in which all of the text's words are, the best first or, of very many, the newest. */
  search: {
    params: { text: string; scope: Scope; limit: number }
    result: { hits: Hit[]; order: 'rank' | 'newest'; count?: number; ranked?: number }
  }
  /** Sessions in which something was asked, the last active first. `id`: only this one. */
  conversations: {
    params: { scope: Scope; limit: number; before?: number; id?: string }
    result: { conversations: Asked[]; next?: number }
  }
  /** What a session changed in files, oldest first, some of it at each call. */
  changes: {
    params: { id: string; after?: number }
    result: { session: ArchivedSession; changes: FileChange[]; next?: number }
  }
}

export type PromptAnswers = {
  [N in keyof PromptCalls]: (
    params: PromptCalls[N]['params'],
  ) => PromptCalls[N]['result'] | Promise<PromptCalls[N]['result']>
}
