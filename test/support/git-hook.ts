// The `post-commit` of ours in a test: installed by the compiled binary; what commits told while no daemon ran.

import { expect } from 'bun:test'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { runPaid } from './daemon.ts'
import { openGitFolder } from './git.ts'
import { spooled } from './hook.ts'

const told = z.looseObject({
  sha: z.string(),
  folder: z.string(),
  commonDir: z.string(),
  installed: z.string(),
  copyOf: z.string().optional(),
})

export type HookStage = ReturnType<typeof openHookStage>

export const openHookStage = () => {
  const at = openGitFolder()
  const paid = (cwd: string, ...words: string[]) => runPaid(words, { cwd, env: at.env })
  return {
    ...at,
    paid,
    install: async (cwd: string, ...flags: string[]): Promise<string> => {
      const { code, stdout, stderr } = await paid(cwd, 'hooks', 'install', '--git', ...flags)
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
      return stdout
    },
    uninstall: async (cwd: string, ...flags: string[]): Promise<void> => {
      const { code, stdout } = await paid(cwd, 'hooks', 'uninstall', '--git', ...flags)
      expect(code).toBe(0)
      expect(stdout).toContain('Uninstalled')
    },
    /** What commits told since the last look. */
    heard: () => {
      const entries = spooled(at.home).map(({ path, key, body }) => ({
        path,
        key,
        ...told.parse(JSON.parse(body)),
      }))
      rmSync(join(at.home, 'spool'), { recursive: true, force: true })
      return entries
    },
  }
}
