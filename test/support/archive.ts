// The archive without its thread: the code of the worker, asked in the same process. Transcripts to fill it with.

import { openArchive } from '../../src/archive/archive.ts'
import type { ArchiveClient, CallName, CallParams, CallResult, Progress } from '../../src/archive/calls.ts'

const exclude = ['*.env', '*secret*', '*password*', '*api*key*']

/** Opens the file when it is first asked. */
export const archiveIn = (path: string, excluded: readonly string[] = exclude): ArchiveClient => {
  const hearers = new Set<(progress: Progress) => void>()
  let archive: ReturnType<typeof openArchive> | undefined
  return {
    call: async <N extends CallName>(name: N, params: CallParams<N>) => {
      archive ??= openArchive({ path, exclude: excluded }, (progress) => {
        for (const hear of hearers) hear(progress)
      })
      return (await archive.answer(name, params, excluded)) as CallResult<N>
    },
    onProgress: (hear) => {
      hearers.add(hear)
      return () => hearers.delete(hear)
    },
    close: async () => {
      archive?.close()
      archive = undefined
    },
  }
}
