// All methods in one object, and the types that follow from it.

import type { z } from 'zod'
import { actions } from './actions.ts'
import { agents } from './agents.ts'
import { archive } from './archive.ts'
import { capture } from './capture.ts'
import { commits } from './commits.ts'
import { events } from './events.ts'
import { guards } from './guards.ts'
import { hooks } from './hooks.ts'
import { jobs } from './jobs.ts'
import { keys } from './keys.ts'
import { locks } from './locks.ts'
import { prompts } from './prompts.ts'
import { rules } from './rules.ts'
import { sessions } from './sessions.ts'
import { system } from './system.ts'
import { webhooks } from './webhooks.ts'

export const api = {
  ...actions,
  ...agents,
  ...archive,
  ...capture,
  ...commits,
  ...events,
  ...guards,
  ...hooks,
  ...jobs,
  ...keys,
  ...locks,
  ...prompts,
  ...rules,
  ...sessions,
  ...system,
  ...webhooks,
}

export type Api = typeof api
export type MethodName = keyof Api
/** what a caller sends */
export type Params<M extends MethodName> = z.input<Api[M]['params']>
/** what a handler gets: validated, defaults filled in */
export type Parsed<M extends MethodName> = z.output<Api[M]['params']>
export type Result<M extends MethodName> = z.output<ReturnType<Api[M]['result']>>
