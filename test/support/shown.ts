// What `paid sessions show` gives, and waiting for it: the archive follows a session a moment later.

import type { TestDaemon } from './daemon.ts'

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
