// A command that runs inside an action hands on what the action acts upon, so that no rule answers itself.

import { causeVariable } from '../protocol/cause.ts'

/** The labels of an event that is posted from here, with what made us post it. */
export const originHere = (
  origin: Record<string, unknown> = {},
  env: Record<string, string | undefined> = process.env,
): { origin?: Record<string, unknown> } => {
  const cause = env[causeVariable]
  return cause ? { origin: { cause, ...origin } } : {}
}
