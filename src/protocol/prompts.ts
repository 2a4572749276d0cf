// The words of the prompts room: what was asked and answered in kept conversations, found again, and what it changed.

import { z } from 'zod'
import { archivedSession, messageKinds } from './archive.ts'
import { nameOf } from './channel.ts'
import { link } from './commits.ts'
import { limits } from './limits.ts'
import { method } from './method.ts'

const offset = z.int().nonnegative()

export const hit = z.object({
  session: z.string(),
  tool: z.string().meta({ description: 'claude-code, cursor, …' }),
  title: z.string().optional(),
  folder: z.string().optional(),
  message: z.object({
    id: z.int(),
    at: z.int(),
    role: z.string(),
    kind: z.enum(messageKinds),
    tool: z.string().optional().meta({ description: 'that was used' }),
    agent: z.string().optional(),
  }),
  text: z.string().meta({ description: 'the part of the message that shows why it was found' }),
  marks: z.array(z.tuple([offset, offset])).meta({
    description:
      'what was looked for: [begin, end) in `text`, in UTF-16 code units as JavaScript counts them',
  }),
  start: offset.meta({ description: 'where `text` begins in the whole message' }),
  length: offset.meta({ description: 'of the whole message' }),
})
export type Hit = z.infer<typeof hit>

export const fileChange = z.object({
  path: z.string(),
  at: z.int(),
  message: z.int().meta({ description: 'which message of the session did it' }),
  tool: z.string().optional(),
  kind: z.string().meta({ description: 'edit, write, create, notebook' }),
  patch: z.string().meta({ description: 'hunks of a unified diff' }),
  added: z.int(),
  removed: z.int(),
  part: z.boolean().optional().meta({
    description: 'only the exchanged texts were kept: lines are counted from the first of each',
  }),
  withheld: z.boolean().optional().meta({ description: 'the file is excluded: nothing of it was kept' }),
  damaged: z.boolean().optional(),
})
export type FileChange = z.infer<typeof fileChange>

export const conversation = z.object({
  session: archivedSession,
  prompt: z.string().optional().meta({ description: 'the beginning of the first' }),
  commits: z.array(z.object({ sha: z.string(), folder: z.string(), at: z.int(), link })),
})
export type ListedConversation = z.infer<typeof conversation>

const scope = {
  repository: z
    .string()
    .max(limits.pathBytes)
    .regex(/^\/[^\0]*$/, 'must be an absolute path')
    .optional()
    .meta({ description: 'a folder: of a repository all its working trees, else what lies below it' }),
  since: z.int().nonnegative().optional().meta({ description: 'epoch milliseconds' }),
  tool: nameOf('tool', limits.typeBytes)
    .optional()
    .meta({ description: 'the program the session was held with' }),
}

const session = nameOf('session', limits.sessionIdBytes).meta({
  description: 'its id, or as much of it as no other has',
})

export const prompts = {
  'prompt.search': method({
    summary: 'Messages in which all these words are, the best first; of very many matches the newest',
    access: 'read',
    params: z.strictObject({
      text: z.string().max(limits.searchCharacters).meta({
        description: 'words; "between quotes" those next to each other, and a beginning* of one',
      }),
      ...scope,
      limit: z.int().min(1).max(limits.pageEvents).default(limits.searchHitsDefault),
    }),
    result: () =>
      z.object({
        hits: z.array(hit),
        order: z.enum(['rank', 'newest']),
        count: z.int().optional().meta({ description: 'of all matches, when they were counted' }),
        ranked: z.int().optional().meta({
          description:
            'so many of them, the newest, were ranked; absent when all were, or when order is newest',
        }),
      }),
    example: { text: 'login "race condition"', limit: 10 },
  }),
  'prompt.list': method({
    summary: 'Conversations with their first prompt and the commits that came of them, the last active first',
    access: 'read',
    params: z.strictObject({
      ...scope,
      session: session.optional().meta({ description: 'only this one' }),
      limit: z.int().min(1).max(limits.pageEvents).default(limits.pageEventsDefault),
      before: z.int().optional().meta({ description: '`next` of the page before' }),
    }),
    result: () => z.object({ conversations: z.array(conversation), next: z.int().optional() }),
    example: { limit: 10 },
  }),
  'prompt.diff': method({
    summary: 'What a conversation changed in files, oldest first, some of it at each call',
    access: 'read',
    params: z.strictObject({
      session,
      after: z.int().optional().meta({ description: '`next` of the call before' }),
    }),
    result: () =>
      z.object({
        session: archivedSession,
        changes: z.array(fileChange),
        next: z.int().optional(),
      }),
    example: { session: '4fa77bb5' },
  }),
}
