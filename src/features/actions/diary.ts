// What a command says on stderr, line by line in the daemon's log, as far as there is room for one run.

import { limits } from '../../protocol/limits.ts'
import type { Logger } from '../../core/logger.ts'
import { safe } from './shown.ts'

const lineCharacters = 2000
/** of a line that has not ended: a secret at the end of what is shown is known by what follows it */
const restCharacters = 2 * lineCharacters
/** what a line of the log has beside what it says */
const headBytes = 40

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
    if (full || line.trim() === '') return
    const said = { ...marks, line: safe(line, secrets).slice(0, lineCharacters) }
    bytes += Buffer.byteLength(JSON.stringify(said)) + headBytes
    full = bytes > limits.stderrLoggedBytes
    if (full) logger.info('an action said more, which is left out', marks)
    else logger.info('an action said', said)
  }
  return {
    take: (chunk: Uint8Array): void => {
      if (full) return
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = (lines.pop() ?? '').slice(0, restCharacters)
      for (const line of lines) write(line)
    },
    end: (): void => write(rest),
  }
}
