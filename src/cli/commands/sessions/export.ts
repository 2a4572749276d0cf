// `paid sessions export ID`: a kept conversation as a document, piece by piece. A file is seen whole or not at all.

import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { withDaemon } from '../../home.ts'
import { PaidError } from '../../../protocol/error.ts'
import { tell } from '../../output.ts'
import { WrongUsage } from '../../wrong-usage.ts'

const formats = ['md', 'json', 'jsonl', 'html'] as const
type FormatName = (typeof formats)[number]

const isFormat = (text: string): text is FormatName => (formats as readonly string[]).includes(text)

type Asked = { id: string; format: string | undefined; out: string | undefined }

const exportSession = async ({ id, format = 'md', out }: Asked): Promise<void> => {
  if (!isFormat(format)) throw new WrongUsage(`--format is one of ${formats.join(', ')}, not ${format}`)
  const aside = out === undefined ? undefined : `${out}.${process.pid}.part`
  const file = aside === undefined ? 1 : opened(aside, out)
  const found: Record<string, number> = {}
  try {
    await withDaemon(async (daemon) => {
      for (let after: number | undefined; ;) {
        const piece = await daemon.call(
          'archive.export',
          { session: id, format, ...(after !== undefined && { after }) },
          { timeoutMs: 120_000 },
        )
        writeAll(file, piece.text)
        for (const [kind, count] of Object.entries(piece.found)) found[kind] = (found[kind] ?? 0) + count
        if (piece.next === undefined) return
        after = piece.next
      }
    })
    if (aside !== undefined && out !== undefined) {
      closeSync(file)
      renameSync(aside, out)
    }
  } catch (error) {
    if (aside !== undefined) rmSync(aside, { force: true })
    throw error
  }
  const kinds = Object.entries(found).map(([kind, count]) => `${count} ${kind}`)
  const redacted = kinds.length > 0 ? `redacted: ${kinds.join(', ')}` : 'nothing had to be redacted'
  if (out !== undefined) tell(`${out} written; ${redacted}`)
  else if (kinds.length > 0) tell(redacted)
}

export default exportSession

/** For its owner's eyes: a conversation is nobody else's. */
const opened = (aside: string, meant = aside): number => {
  try {
    return openSync(aside, 'wx', 0o600)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    throw new PaidError(
      'forbidden',
      `${meant} cannot be written: ${code === 'ENOENT' ? 'there is no such folder' : String(code ?? error)}`,
      'Name a file in a folder of yours.',
    )
  }
}

const writeAll = (file: number, text: string): void => {
  for (let rest = Buffer.from(text); rest.length > 0;) {
    try {
      rest = rest.subarray(writeSync(file, rest))
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code === 'EAGAIN') Bun.sleepSync(2)
      // whoever read our output is gone
      else if (code === 'EPIPE' && file === 1) process.exit(0)
      else throw error
    }
  }
}
