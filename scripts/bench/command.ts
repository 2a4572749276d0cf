// A whole process as its caller waits for it: from the spawn to its exit, with what it read and wrote.

export type Command = {
  command: readonly string[]
  env: Record<string, string>
  stdin?: string
  /** its output must begin so, or it did something else than was to be measured */
  says?: string
}

/** How long it took, in ms. Throws when it failed or said something else. */
export const timed = async ({ command, env, stdin = '', says = '' }: Command): Promise<number> => {
  const input = new TextEncoder().encode(stdin)
  const startedAt = performance.now()
  const child = Bun.spawn([...command], {
    env,
    stdin: input,
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: 10_000,
  })
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  const ms = performance.now() - startedAt
  if (code !== 0 || !stdout.startsWith(says) || (says === '' && stdout !== ''))
    throw new Error(`${command.join(' ')}: exit ${code}, ${stdout}${stderr}`)
  return ms
}
