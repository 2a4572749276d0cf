// Commits and the conversations behind them in a test: a folder of repositories, and a daemon that hears both.

import { z } from 'zod'
import { type DaemonOptions, runPaid, startDaemon } from './daemon.ts'
import { openGitFolder } from './git.ts'
import { openTalk } from './talk.ts'

const said = z.object({ text: z.string(), kind: z.string(), tool: z.string().optional() })
export const found = z.object({
  target: z.string(),
  text: z.string().optional(),
  origins: z.array(
    z.object({
      commit: z.object({ sha: z.string() }).optional(),
      lines: z.array(z.number()).optional(),
      link: z.string(),
      conversations: z.array(
        z.looseObject({
          session: z.string(),
          message: said.optional(),
          prompt: said.optional(),
          answer: said.optional(),
        }),
      ),
    }),
  ),
})
const page = z.object({
  events: z.array(z.looseObject({ type: z.string(), channel: z.string(), data: z.unknown() })),
})

export type CommitStage = ReturnType<typeof openCommitStage>

export const openCommitStage = () => {
  const at = openGitFolder()
  const paid = async (cwd: string, ...words: string[]) => {
    const ran = await runPaid(words, { cwd, env: at.env })
    if (ran.code !== 0) throw new Error(`paid ${words.join(' ')}: exit ${ran.code}, ${ran.stderr}`)
    return ran.stdout
  }
  return {
    ...at,
    paid,
    talk: (cwd: string, id?: string) => openTalk(at.env, cwd, id),
    start: (options: DaemonOptions = {}) =>
      startDaemon({ home: at.home, env: { HOME: at.home }, ...options }),
    /** What `paid prompts for` says to programs. */
    origins: async (cwd: string, target: string) =>
      found.parse(JSON.parse(await paid(cwd, 'prompts', 'for', target, '--json'))),
    /** Events of this type that were kept, oldest first. */
    events: async (type: string) => {
      const list = await paid(at.root, 'call', 'event.list', JSON.stringify({ all: true, type, limit: 1000 }))
      return page.parse(JSON.parse(list)).events
    },
    /** Waits until so many events of this type were kept. */
    until: async function (type: string, count: number) {
      for (const end = performance.now() + 20_000; performance.now() < end; await Bun.sleep(50)) {
        const events = await this.events(type)
        if (events.length >= count) return events
      }
      throw new Error(`${count} of ${type} did not come`)
    },
  }
}
