// `paid tail` as somebody watches it: started once, its lines waited for.

import { paidBinary } from './daemon.ts'

/** Follows until disposed of. `env` names the home; the daemon must run, unless `--since` is of a former start. */
export const openTail = (env: Record<string, string>, args: readonly string[] = []) => {
  const child = Bun.spawn([paidBinary, 'tail', ...args], {
    env,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
  })
  const lines: string[] = []
  let changed = Promise.withResolvers<void>()
  let ended = false
  const read = async () => {
    let rest = ''
    const decoder = new TextDecoder()
    for await (const chunk of child.stdout) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = parts.pop() ?? ''
      lines.push(...parts)
      changed.resolve()
    }
    ended = true
    changed.resolve()
  }
  const reading = read()

  return {
    lines,
    /** Waits until `enough` is true of the lines so far. */
    async until(enough: (lines: readonly string[]) => boolean): Promise<void> {
      while (!enough(lines)) {
        if (ended) throw new Error(`paid tail ended after ${lines.length} lines`)
        changed = Promise.withResolvers<void>()
        await changed.promise
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await Promise.all([child.exited, reading])
    },
  }
}
