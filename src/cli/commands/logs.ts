// `paid logs`: the end of the daemon's own log, and with `-f` what is added, also after it was rotated.

import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { countOf } from '../count.ts'
import { here } from '../home.ts'
import { say } from '../output.ts'
import { talk } from '../talk.ts'
import { visible } from '../visible.ts'

const standardLines = 50
const lookEveryMs = 200
const pieceBytes = 64 * 1024

const logs = async (flags: { follow: boolean; lines: string | undefined }): Promise<void> => {
  const wanted = flags.lines === undefined ? standardLines : countOf(flags.lines, '--lines')
  const { log } = here()
  let file = openIfThere(log)
  if (!file) {
    await talk('info', `No log yet: ${log}`)
    if (!flags.follow) return
  }
  let unfinished = ''
  const print = (text: string) => {
    const lines = (unfinished + text).split('\n')
    unfinished = lines.pop() ?? ''
    if (lines.length > 0) say(lines.map(visible).join('\n'))
  }
  if (file) print(lastLines(file, wanted))
  while (flags.follow) {
    if (file) print(readOn(file))
    if (!file || inodeOf(log) !== file.inode) {
      if (file) print(readOn(file))
      const next = openIfThere(log)
      if (next && file) closeSync(file.descriptor)
      file = next ?? file
    }
    await Bun.sleep(lookEveryMs)
  }
  if (unfinished !== '') say(visible(unfinished))
}

export default logs

type OpenFile = { descriptor: number; inode: number; at: number; decoder: TextDecoder }

const openIfThere = (path: string): OpenFile | undefined => {
  try {
    const descriptor = openSync(path, 'r')
    return { descriptor, inode: fstatSync(descriptor).ino, at: 0, decoder: new TextDecoder() }
  } catch {
    return undefined
  }
}

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino

/** Everything from where it was read to, up to its end. */
const readOn = (file: OpenFile): string => {
  const piece = new Uint8Array(pieceBytes)
  let text = ''
  for (;;) {
    const count = readSync(file.descriptor, piece, 0, piece.length, file.at)
    if (count === 0) return text
    file.at += count
    text += file.decoder.decode(piece.subarray(0, count), { stream: true })
  }
}

const lastLines = (file: OpenFile, count: number): string => {
  const lines = readOn(file).split('\n')
  // After the last newline is what is not finished yet: it stays where it is.
  return lines.slice(-(count + 1)).join('\n')
}
