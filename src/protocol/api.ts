// All methods in one object, and the types that follow from it.

import type { z } from 'zod'
import { actions } from './actions.ts'
import { events } from './events.ts'
import { jobs } from './jobs.ts'
import { locks } from './locks.ts'
import { sessions } from './sessions.ts'
import { system } from './system.ts'

export const api = { ...actions, ...events, ...jobs, ...locks, ...sessions, ...system }

export type Api = typeof api
export type MethodName = keyof Api
/** what a caller sends */
export type Params<M extends MethodName> = z.input<Api[M]['params']>
/** what a handler gets: validated, defaults filled in */
export type Parsed<M extends MethodName> = z.output<Api[M]['params']>
export type Result<M extends MethodName> = z.output<Api[M]['result']>
