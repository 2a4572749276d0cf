// The words of the archive: conversations that are kept, whatever their tool deletes.

import { z } from 'zod'
import { nameOf } from './channel.ts'
import { limits } from './limits.ts'
import { method } from './method.ts'

/** of archive.db: the steps that make it, counted */
export const archiveSchema = 1

/** what a message is, besides who said it */
export const messageKinds = ['prompt', 'answer', 'thinking', 'tool', 'result', 'summary', 'note'] as const

export const archivedMessage = z.object({
  id: z.int().meta({ description: 'in the order of time, also across sessions' }),
  at: z.int(),
  role: z.string(),
  kind: z.enum(messageKinds),
  tool: z.string().optional(),
  text: z.string(),
  agent: z.string().optional().meta({ description: 'the subagent that said it' }),
  failed: z.boolean().optional().meta({ description: 'a result that is an error' }),
})
export type ArchivedMessage = z.infer<typeof archivedMessage>

export const archivedSession = z.object({
  id: z.string(),
  tool: z.string(),
  title: z.string().optional(),
  folder: z.string().optional(),
  repository: z
    .string()
    .optional()
    .meta({ description: "the session's working tree, when it was in a repository" }),
  branch: z.string().optional(),
  model: z.string().optional(),
  parent: z.string().optional().meta({ description: 'the session that this one goes on from' }),
  parentKind: z.enum(['clear', 'resume', 'fork', 'compact']).optional(),
  firstAt: z.int().optional(),
  lastAt: z.int().optional(),
  messages: z.int(),
  prompts: z.int(),
  records: z.int(),
  bad: z.int().meta({ description: 'lines of its transcripts that are none' }),
  bytes: z.int(),
  tokens: z.object({ input: z.int(), output: z.int(), cacheRead: z.int(), cacheWrite: z.int() }),
  cost: z.number().optional().meta({ description: 'US dollars, as the tool counted them' }),
  linesAdded: z.int().optional(),
  linesRemoved: z.int().optional(),
  hash: z.string().meta({ description: 'of all its kept bytes, hexadecimal' }),
})
export type ArchivedSession = z.infer<typeof archivedSession>

const importTotals = z.object({
  files: z.int(),
  sessions: z.int().meta({ description: 'of which something new was kept' }),
  records: z.int(),
  messages: z.int(),
  bytes: z.int(),
  bad: z.record(z.string(), z.int()).meta({ description: 'lines that are no records, by what is wrong' }),
  badPlaces: z
    .array(z.object({ path: z.string(), offset: z.int(), reason: z.string() }))
    .meta({ description: 'the first of them' }),
  unreadable: z.array(z.object({ path: z.string(), reason: z.string() })),
  cancelled: z.boolean(),
})
export type ImportTotals = z.infer<typeof importTotals>

const verified = z.object({
  sessions: z.int(),
  chunks: z.int(),
  bytes: z.int(),
  damaged: z.array(
    z.object({
      session: z.string().optional(),
      chunk: z.int().optional().meta({ description: 'its place in the session, from 0' }),
      why: z.string(),
    }),
  ),
  next: z.int().optional().meta({ description: 'where to go on; absent at the end' }),
})
export type Verified = z.infer<typeof verified>

const sessionId = nameOf('session', limits.sessionIdBytes).meta({
  description: 'its id, or as much of it as no other has',
})

export const archive = {
  'archive.import': method({
    summary: 'Keep every transcript under a folder; what is kept already is not kept twice',
    access: 'admin',
    params: z.strictObject({
      folder: z
        .string()
        .regex(/^\//, 'folder must be absolute')
        .meta({ description: 'absolute; usually ~/.claude/projects' }),
      since: z
        .int()
        .optional()
        .meta({ description: 'only files that changed after this time, epoch milliseconds' }),
    }),
    result: () => importTotals,
    example: { folder: '/home/me/.claude/projects' },
  }),
  'archive.sessions': method({
    summary: 'Sessions that are kept, the last active first',
    access: 'read',
    params: z.strictObject({
      limit: z.int().min(1).max(limits.pageEvents).default(limits.pageEventsDefault),
      before: z.int().optional().meta({ description: '`next` of the page before' }),
    }),
    result: () => z.object({ sessions: z.array(archivedSession), next: z.int().optional() }),
    example: { limit: 10 },
  }),
  'archive.show': method({
    summary: 'A kept session and its messages, oldest first',
    access: 'read',
    params: z.strictObject({
      session: sessionId,
      after: z.int().optional().meta({ description: '`next` of the page before' }),
      limit: z.int().min(1).max(limits.pageEvents).default(limits.pageEventsDefault),
      talk: z
        .boolean()
        .default(false)
        .meta({ description: 'only what was asked and answered: no tools, no thinking, no subagents' }),
    }),
    result: () =>
      z.object({
        session: archivedSession,
        messages: z.array(archivedMessage),
        next: z.int().optional(),
      }),
    example: { session: '4fa77bb5', limit: 10 },
  }),
  'archive.export': method({
    summary: 'A kept session as a document, secrets redacted, piece by piece',
    access: 'read',
    params: z.strictObject({
      session: sessionId,
      format: z.enum(['md', 'json', 'jsonl', 'html']),
      after: z.int().optional().meta({ description: '`next` of the piece before' }),
    }),
    result: () =>
      z.object({
        text: z.string(),
        found: z.record(z.string(), z.int()).meta({ description: 'what was redacted, by kind' }),
        next: z.int().optional(),
      }),
    example: { session: '4fa77bb5', format: 'md' },
  }),
  'archive.verify': method({
    summary: 'Look whether every kept byte is as it was written, some of the archive at each call',
    access: 'read',
    params: z.strictObject({
      after: z.int().optional().meta({ description: '`next` of the call before' }),
    }),
    result: () => verified,
    example: {},
  }),
}
