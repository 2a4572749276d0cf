// What a command says on stderr, line by line in the daemon's log, as far as there is room for one run.

import { limits } from '../../protocol/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { safe } from './shown.ts'

const lineCharacters = 2000

/** Takes what comes; the last line is written when it ends. */
export const createDiary = (
  logger: Logger,
  marks: { action: string; run: string },
  secrets: readonly string[],
) => {
  const decoder = new TextDecoder()
  let rest = ''
  let bytes = 0
  let full = false
  const write = (line: string): void => {
    if (line.trim() !== '')
      logger.info('an action said', { ...marks, line: safe(line, secrets).slice(0, lineCharacters) })
  }
  return {
    take: (chunk: Uint8Array): void => {
      if (full) return
      bytes += chunk.length
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) write(line)
      if (bytes <= limits.stderrLoggedBytes) return
      full = true
      write(rest)
      logger.info('an action said more, which is left out', marks)
    },
    end: (): void => {
      if (!full) write(rest)
    },
  }
}
