// How an import gets on, on stderr: one line that is drawn over on a terminal, else a line every few seconds.

import { hasColours, isTerminal, tell } from '../../output.ts'
import { writeSync } from 'node:fs'

export type Progress = {
  files: number
  filesDone: number
  bytes: number
  bytesDone: number
  messages: number
}

const barWidth = 24
const plainEveryMs = 3000

export const openProgress = (): { show: (progress: Progress) => void; end: () => void } => {
  const drawn = isTerminal(2) && hasColours(2)
  let toldAt = performance.now()
  let shown = false
  return {
    show: (progress) => {
      if (drawn) {
        shown = true
        writeSync(2, `\r${barOf(progress)}\u001b[K`)
      } else if (performance.now() - toldAt > plainEveryMs) {
        toldAt = performance.now()
        tell(wordsOf(progress))
      }
    },
    end: () => {
      if (shown) writeSync(2, '\r\u001b[K')
    },
  }
}

const partOf = ({ bytes, bytesDone }: Progress): number => (bytes > 0 ? Math.min(1, bytesDone / bytes) : 1)

const wordsOf = (progress: Progress): string => {
  const { files, filesDone, messages, bytes, bytesDone } = progress
  const size = `${(bytesDone / 1e6).toFixed(0)} of ${(bytes / 1e6).toFixed(0)} MB`
  return `${Math.floor(partOf(progress) * 100)} %  ${size}  ${filesDone} of ${files} files  ${messages.toLocaleString('en-US')} messages`
}

const barOf = (progress: Progress): string => {
  const full = Math.round(partOf(progress) * barWidth)
  return `${'█'.repeat(full)}${'░'.repeat(barWidth - full)} ${wordsOf(progress)}`
}
