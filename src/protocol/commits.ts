// The words of the commits room: which conversation made a commit, and the line of a file.

import { z } from 'zod'
import { nameOf } from './channel.ts'
import { limits } from './limits.ts'
import { method } from './method.ts'

export const repositoryPrefix = 'repo:'

const sha = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, 'must be the full name of a commit')
const folder = z
  .string()
  .max(limits.pathBytes)
  .regex(/^\/[^\0]*$/, 'must be an absolute path')

export const links = ['exact', 'files', 'time', 'none'] as const
export const link = z.enum(links).meta({
  description:
    'how it is known: the session made the commit; it changed these files since they were last committed; it went on in this repository at that time; nothing is known',
})
export type Link = z.infer<typeof link>

/** A part of a conversation; a long one is shown as its beginning. */
const said = z.object({
  id: z.int().meta({ description: 'of the message in the archive' }),
  at: z.int(),
  kind: z.string(),
  tool: z.string().optional(),
  text: z.string(),
})
export type Said = z.infer<typeof said>

export const madeBy = z.object({
  session: z.string(),
  tool: z.string().optional().meta({ description: 'claude-code, cursor, …' }),
  title: z.string().optional(),
  folder: z.string().optional(),
  firstAt: z.int().optional(),
  lastAt: z.int().optional(),
  message: said
    .optional()
    .meta({ description: 'what wrote the line, or the last change of a file of the commit' }),
  prompt: said.optional().meta({ description: 'what asked for it' }),
  answer: said.optional().meta({ description: 'what was answered at last' }),
})
export type MadeBy = z.infer<typeof madeBy>

export const origin = z.object({
  commit: z
    .object({ sha: z.string(), subject: z.string(), at: z.int() })
    .optional()
    .meta({ description: 'absent while the lines are not committed' }),
  lines: z.array(z.int()).optional().meta({ description: 'which of the file, counted from 1' }),
  link,
  conversations: z.array(madeBy),
})
export type Origin = z.infer<typeof origin>

export const commits = {
  'commit.record': method({
    summary: 'A commit was made; each is taken in once, and linked to its conversations a moment later',
    access: 'write',
    params: z.object({
      sha,
      folder: folder.meta({ description: 'the top of the working tree' }),
      commonDir: folder.meta({ description: 'the git folder that all working trees share' }),
      at: z.int().nonnegative().meta({ description: 'epoch milliseconds' }),
      session: nameOf('session', limits.sessionIdBytes)
        .optional()
        .meta({ description: 'whose tool ran git' }),
      copyOf: sha.optional().meta({ description: 'the commit that a rebase or a cherry-pick applied again' }),
      installed: z
        .enum(['repository', 'global'])
        .default('repository')
        .meta({ description: 'whether the hook is of this repository or of all' }),
    }),
    result: () => z.object({ recorded: z.boolean().meta({ description: 'false: it was known' }) }),
    example: {
      sha: '0123456789abcdef0123456789abcdef01234567',
      folder: '/home/me/project',
      commonDir: '/home/me/project/.git',
      at: 1768594200000,
    },
  }),
  'commit.find': method({
    summary: 'The conversations behind a commit, a file or a line of it',
    access: 'read',
    params: z.strictObject({
      folder: folder.meta({ description: 'in a repository' }),
      target: nameOf('target', limits.pathBytes).meta({
        description: 'a commit, a file, or file:line; a file is meant from the folder',
      }),
    }),
    result: () =>
      z.object({
        target: z.enum(['commit', 'file', 'line']),
        file: z.string().optional().meta({ description: 'from the top of the repository' }),
        text: z.string().optional().meta({ description: 'the line' }),
        origins: z
          .array(origin)
          .meta({ description: 'of a file: the commits of its lines, most lines first' }),
      }),
    example: { folder: '/home/me/project', target: 'HEAD' },
  }),
}
