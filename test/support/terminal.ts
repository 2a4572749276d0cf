// Claude Code as a person sees it: in a pseudo-terminal, with keys and a screen. What a first run would ask (theme,
// key, trust in the folder) is answered beforehand in its own file.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ClaudeHome, claudeBinary } from './claude.ts'

const answers = ({ project, env }: ClaudeHome) => ({
  hasCompletedOnboarding: true,
  theme: 'dark',
  customApiKeyResponses: { approved: [env['ANTHROPIC_API_KEY']?.slice(-20)], rejected: [] },
  projects: { [project]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } },
})

/** The screen paints differences, so texts are compared without white space. */
const squeezed = (text: string): string => text.replace(/\s+/g, '')

export const openTerminal = (where: ClaudeHome, args: readonly string[] = []) => {
  writeFileSync(join(where.home, '.claude.json'), JSON.stringify(answers(where)))
  let painted = ''
  let changed = Promise.withResolvers<void>()
  const decoder = new TextDecoder()
  const child = Bun.spawn([claudeBinary, ...args], {
    cwd: where.project,
    env: { ...where.env, TERM: 'xterm-256color' },
    terminal: {
      cols: 120,
      rows: 40,
      data: (_, bytes) => {
        painted += decoder.decode(bytes, { stream: true })
        changed.resolve()
      },
    },
  })
  const text = () => Bun.stripANSI(painted)
  const showed = (wanted: string) => squeezed(text()).includes(squeezed(wanted))
  const repainted = async () => {
    changed = Promise.withResolvers<void>()
    const end = await Promise.race([changed.promise, child.exited])
    if (end !== undefined) throw new Error(`Claude Code ended; its screen:\n${text().slice(-2000)}`)
  }

  return {
    /** Whether the text was painted at any time so far. */
    showed,
    /** Waits until the text was painted. */
    async shows(wanted: string): Promise<void> {
      while (!showed(wanted)) await repainted()
    },
    /** Types one line, waits until it stands on the screen, and presses Enter. */
    async type(line: string): Promise<void> {
      const before = painted.length
      child.terminal?.write(line)
      while (!squeezed(Bun.stripANSI(painted.slice(before))).includes(squeezed(line))) await repainted()
      child.terminal?.write('\r')
    },
    /** Keys as a terminal sends them. */
    press: (keys: string): void => void child.terminal?.write(keys),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await child.exited
      child.terminal?.close()
    },
  }
}
