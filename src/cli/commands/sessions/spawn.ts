// `paid sessions spawn [PROMPT]`: starts a session of Claude Code, and shows what it says.

import { resolve } from 'node:path'
import { withDaemon } from '../../home.ts'
import { readText } from '../../input.ts'
import { say, sayJson, tell } from '../../output.ts'
import { WrongUsage } from '../../wrong-usage.ts'
import { shortOf, view } from './view.ts'

type Given = {
  prompt?: string | undefined
  dir?: string | undefined
  model?: string | undefined
  title?: string | undefined
  'permission-mode'?: string | undefined
  budget?: string | undefined
  detach: boolean
  json: boolean
}

const spawn = async (given: Given): Promise<number | void> => {
  const { dir = '.', model, title, budget, detach, json } = given
  const prompt = given.prompt === undefined ? undefined : await readText(given.prompt)
  const permissionMode = given['permission-mode']
  const budgetUsd = budget === undefined ? undefined : Number(budget)
  if (budgetUsd !== undefined && !(budgetUsd > 0))
    throw new WrongUsage(`--budget is a number of dollars, not ${budget}`)
  const { session } = await withDaemon((daemon) =>
    daemon.call('session.spawn', {
      directory: resolve(dir),
      ...(prompt !== undefined && { prompt }),
      ...(model !== undefined && { model }),
      ...(title !== undefined && { title }),
      ...(permissionMode !== undefined && { permissionMode }),
      ...(budgetUsd !== undefined && { budgetUsd }),
    }),
  )
  if (json) return sayJson(session)
  if (detach) return say(session.id)
  const watching = view(session.id, session.firstEvent)
  tell(`paid: session ${shortOf(session.id)} (^C leaves it running)`)
  return await watching
}

export default spawn
