// A shell as somebody types into it: one for all commands, so that what one exports the next one sees.

export type Typed = { stdout: string; failed: string }

export const openShell = (env: Record<string, string>, cwd: string) => {
  const child = Bun.spawn(['bash', '--noprofile', '--norc'], {
    env,
    cwd,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const talk = child.stderr.text()
  const output = child.stdout.getReader()
  const decoder = new TextDecoder()
  const mark = `end of ${crypto.randomUUID()}`

  const type = async (line: string): Promise<void> => {
    await child.stdin.write(`${line}\n`)
    await child.stdin.flush()
  }

  return {
    /** Types the commands and waits for their end; `failed` names those that ended with another code than 0. */
    async run(commands: string): Promise<Typed> {
      await type(`failed=; trap 'failed+="$BASH_COMMAND: exit code $?; "' ERR`)
      // what a command reads is not the lines behind it
      await type(`{ ${commands.trim()}\n} </dev/null; printf '\\n%s %s\\n' '${mark}' "$failed"`)
      let text = ''
      for (;;) {
        const found = text.indexOf(`\n${mark}`)
        const failed = found < 0 ? undefined : /^\n.{40,}?(?= |$) (.*)\n/m.exec(text.slice(found))
        if (failed) return { stdout: text.slice(0, found), failed: failed[1] ?? '' }
        const { value, done } = await output.read()
        if (done) throw new Error(`The shell ended after:\n${text}\n${await talk}`)
        text += decoder.decode(value, { stream: true })
      }
    },
    async [Symbol.asyncDispose]() {
      await child.stdin.end()
      child.kill()
      await child.exited
    },
  }
}
