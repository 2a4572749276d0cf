// Hooks that tell of a transcript, what `paid sessions show` gives then, and waiting for it: the archive follows a session a moment later.

import { expect } from 'bun:test'
import type { TestDaemon } from './daemon.ts'
import type { Transcript } from './transcripts.ts'

/** A hook of this session, as Claude Code sends it. */
export const tellHook = async (
  daemon: TestDaemon,
  path: string,
  transcript: Transcript,
  more: object,
): Promise<void> => {
  const { code } = await daemon.run(['hook'], {
    stdin: JSON.stringify({
      session_id: transcript.id,
      transcript_path: path,
      cwd: '/home/me/project',
      ...more,
    }),
  })
  expect(code).toBe(0)
}

/** The texts of a kept session, none while it is not kept. */
export const shown = async (daemon: TestDaemon, id: string): Promise<string[]> => {
  const { stdout, code } = await daemon.run(['sessions', 'show', id, '--json'])
  if (code !== 0) return []
  return JSON.parse(stdout).messages.map(({ text }: { text: string }) => text)
}

/** Asks until it is so; the archive follows a session a moment later. */
export const until = async <T>(look: () => Promise<T>, isIt: (found: T) => boolean): Promise<T> => {
  for (const giveUpAt = Date.now() + 15_000; ;) {
    const found = await look()
    if (isIt(found)) return found
    if (Date.now() > giveUpAt) throw new Error(`it did not come to that: ${JSON.stringify(found)}`)
    await Bun.sleep(50)
  }
}
