// The words of the sessions room.

import { z } from 'zod'
import { limits } from './limits.ts'
import { method } from './method.ts'

export const session = z.object({
  id: z.string(),
  folder: z.string().optional(),
  title: z.string().optional().meta({ description: "Claude's title, or the first line of its first prompt" }),
  events: z.int(),
  firstAt: z.int(),
  firstEvent: z.string().meta({ description: 'evt_<seq>' }),
  lastAt: z.int(),
  lastEvent: z.string(),
  lastType: z.string(),
})
export type Session = z.infer<typeof session>

export const sessions = {
  'session.list': method({
    summary: 'Sessions that were heard, the last heard first',
    access: 'read',
    params: z.object({
      limit: z.int().min(1).max(limits.pageEvents).default(limits.pageEventsDefault),
    }),
    result: z.object({ sessions: z.array(session) }),
    example: { limit: 10 },
  }),
}
