// The words of the capture room: conversations that tools tell of message by message, kept, and written into the
// repository they belong to. Its settings are the user's `~/.promptrc.json`.

import { z } from 'zod'
import { isName, nameOf } from './channel.ts'
import { limits } from './limits.ts'
import { method } from './method.ts'

/** What is captured, and how: the file's words, with its defaults; what else stands in the file is handed on. */
export const captureSettings = z.looseObject({
  autoCapture: z.looseObject({
    enabled: z.boolean(),
    /** a tool that is false is not kept; one that is not named is */
    tools: z.record(z.string(), z.boolean()),
  }),
  privacy: z.looseObject({
    /** of files that match, names are kept and contents never */
    excludePatterns: z.array(z.string()),
    /** secrets are replaced in what is written into repositories */
    maskSensitiveData: z.boolean(),
  }),
  storage: z.looseObject({
    /** milliseconds without a word after which a session is no longer active */
    maxSessionAge: z.number().positive(),
    autoCleanup: z.boolean(),
  }),
})
export type CaptureSettings = z.output<typeof captureSettings>

export const standardCaptureSettings: CaptureSettings = {
  autoCapture: {
    enabled: true,
    tools: { 'claude-code': true, cursor: true, chatgpt: false, generic: true },
  },
  privacy: {
    excludePatterns: ['*.env', '*secret*', '*password*', '*api*key*'],
    maskSensitiveData: true,
  },
  storage: { maxSessionAge: 86_400_000, autoCleanup: true },
}

const session = nameOf('session', limits.sessionIdBytes)
const commit = nameOf('commit', limits.commitNameBytes)
const folder = z.string().min(1).max(limits.folderBytes)

const messageParams = z.strictObject({
  session,
  role: z.string().min(1).max(limits.toolCharacters),
  content: z.string(),
})

/** A message, which the schema would hand on as it is. */
export const plainMessage = (params: unknown): z.output<typeof messageParams> | undefined => {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return undefined
  for (const key in params) if (key !== 'session' && key !== 'role' && key !== 'content') return undefined
  const given: Partial<Record<'session' | 'role' | 'content', unknown>> = params
  const { session: id, role, content } = given
  if (!isName(id, limits.sessionIdBytes) || typeof content !== 'string') return undefined
  if (typeof role !== 'string' || role === '' || role.length > limits.toolCharacters) return undefined
  return { session: id, role, content }
}

const saved = z.object({
  saved: z.boolean(),
  reason: z
    .enum(['unknown', 'empty'])
    .optional()
    .meta({ description: 'no such active session; it has no messages' }),
  kept: z
    .enum(['repository', 'archive'])
    .optional()
    .meta({ description: 'archive: it belongs to no repository' }),
  prompt: z.string().optional().meta({ description: 'id of the prompt in `.prompts/`' }),
  file: z.string().optional(),
  redacted: z
    .record(z.string(), z.int())
    .optional()
    .meta({ description: 'secrets that were replaced in the file, by kind' }),
})
export type Saved = z.output<typeof saved>

const captured = z.object({
  id: z.string(),
  tool: z.string().optional(),
  startedAt: z.int(),
  messages: z.array(z.object({ role: z.string(), content: z.string(), at: z.int() })),
  changes: z.array(
    z.object({
      filePath: z.string(),
      before: z.string().nullable(),
      after: z.string().nullable(),
      at: z.int(),
    }),
  ),
  metadata: z.record(z.string(), z.unknown()),
})
export type Captured = z.output<typeof captured>

export const capture = {
  'capture.start': method({
    summary: 'Begin a captured conversation',
    access: 'write',
    params: z.strictObject({
      tool: z.string().min(1).max(limits.toolCharacters).optional(),
      metadata: z.record(z.string(), z.unknown()).default({}).meta({
        description: 'cwd or repoPath: the folder it belongs to; model, tags, temperature, maxTokens',
      }),
    }),
    result: () =>
      z.object({
        session: z.string().meta({ description: '16 hexadecimal digits; its channel is session:<id>' }),
        kept: z.boolean().meta({ description: 'false: the settings leave this tool out' }),
      }),
    example: { tool: 'generic', metadata: { cwd: '/tmp' } },
  }),
  'capture.message': method({
    summary: 'Add a message to a captured conversation',
    access: 'write',
    params: messageParams,
    plain: plainMessage,
    result: () => z.object({ stored: z.boolean().meta({ description: 'false: no such active session' }) }),
    example: { session: '074fdc6bca4e0e45', role: 'user', content: 'Fix the login' },
  }),
  'capture.change': method({
    summary: 'Add a change of a file to a captured conversation',
    access: 'write',
    params: z.strictObject({
      session,
      filePath: z.string().min(1).max(limits.folderBytes),
      before: z.string().nullable().default(null),
      after: z.string().nullable().default(null),
    }),
    result: () => z.object({ stored: z.boolean() }),
    example: { session: '074fdc6bca4e0e45', filePath: 'src/auth.ts', before: 'a', after: 'b' },
  }),
  'capture.save': method({
    summary: 'Write a captured conversation into its repository; it is no longer active then',
    access: 'write',
    params: z.strictObject({ session, commit: commit.optional() }),
    result: () => saved,
    example: { session: '074fdc6bca4e0e45' },
  }),
  'capture.saveRepository': method({
    summary: 'Write all active conversations of a repository into it',
    access: 'write',
    params: z.strictObject({ repository: folder, commit: commit.optional() }),
    result: () => z.object({ saved: z.int(), failed: z.int() }),
    example: { repository: '/tmp' },
  }),
  'capture.list': method({
    summary: 'Active captured conversations, in the order they began',
    access: 'read',
    params: z.strictObject({
      repository: folder.optional(),
      after: session.optional().meta({ description: 'reads on after this one, as `next` said' }),
    }),
    result: () =>
      z.object({
        sessions: z.array(captured),
        next: z.string().optional().meta({ description: 'there are more: give it as after' }),
      }),
    example: {},
  }),
  'capture.status': method({
    summary: 'How many conversations are active, by the folder they belong to, and the settings',
    access: 'read',
    params: z.strictObject({}),
    result: () =>
      z.object({
        active: z.int(),
        folders: z.record(z.string(), z.int()),
        settings: captureSettings,
      }),
    example: {},
  }),
}
