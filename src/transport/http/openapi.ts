// The OpenAPI 3.1 document, made from the method table: every method as `POST /call/{name}`, and the paths that the
// event bus has always had.

import { errors } from '../../protocol/error.ts'
import type { Result } from '../../protocol/api.ts'
import { agentPaths } from './openapi/agents.ts'
import { answer, json, problem, type Schema } from './openapi/parts.ts'
import { sessionOperations } from './openapi/sessions.ts'

const parameter = (name: string, description: string, type = 'string'): Schema => ({
  name,
  in: 'query',
  required: false,
  description,
  schema: { type },
})

const webhookAnswer: Schema = {
  type: 'object',
  properties: { success: { const: true }, data: {}, delivery: { type: 'string' } },
  required: ['success'],
}

const filters = [
  parameter('type', 'exact type'),
  parameter('session', "a session's id"),
  parameter('channel', 'exact channel or prefix*'),
  parameter('all', "1: with the daemon's own affairs"),
  parameter('since', 'event id or ISO time, exclusive'),
]

export const openApiOf = ({ methods }: Result<'system.methods'>, version: string): Schema => ({
  openapi: '3.1.0',
  info: {
    title: 'paid',
    version,
    description: 'Personal AI Daemon',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/' }],
  security: [{ token: [] }],
  paths: {
    '/events': {
      post: {
        operationId: 'postEvents',
        summary: 'Post one event, or an array of up to 1,000 as one batch',
        parameters: [{ name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string' } }],
        requestBody: { required: true, content: json({ type: ['object', 'array'] }) },
        responses: {
          200: answer('Stored', {
            type: 'object',
            properties: {
              ok: { const: true },
              eventId: { type: 'string' },
              eventIds: { type: 'array', items: { type: 'string' } },
            },
            required: ['ok'],
          }),
          default: problem,
        },
      },
      get: {
        operationId: 'getEvents',
        summary: 'Read events; as NDJSON or SSE by Accept',
        parameters: [
          ...filters,
          parameter('limit', '1 to 1000', 'integer'),
          parameter('follow', '1: stay open'),
        ],
        responses: {
          200: answer('Oldest first', {
            type: 'object',
            properties: {
              events: { type: 'array', items: { type: 'object' } },
              total: { type: 'integer' },
              next: { type: 'string' },
            },
            required: ['events', 'total'],
          }),
          default: problem,
        },
      },
    },
    '/hooks/claude': {
      post: {
        operationId: 'postHook',
        summary: "Claude Code's hook JSON; the answer is a hook's answer",
        requestBody: { required: true, content: json({ type: 'object' }) },
        responses: { 200: answer('Stored', { type: 'object' }), default: problem },
      },
    },
    '/webhook/{name}': {
      post: {
        operationId: 'postWebhook',
        summary: "A delivery of a webhook, judged by the webhook's own scheme",
        parameters: [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }],
        security: [],
        requestBody: { required: false, content: json({ type: ['object', 'array'] }) },
        responses: {
          200: answer('Done', webhookAnswer),
          202: answer('It goes on', webhookAnswer),
          default: {
            description: 'Refused or failed',
            content: json({ type: 'object', properties: { error: { type: 'string' } }, required: ['error'] }),
          },
        },
      },
    },
    ...sessionOperations,
    ...agentPaths('agent'),
    ...Object.fromEntries(
      ['/health', '/ready', '/version', '/stats'].map((path) => [
        path,
        {
          get: {
            operationId: `get${path.slice(1, 2).toUpperCase()}${path.slice(2)}`,
            summary: `What ${path} says`,
            ...(path !== '/stats' && { security: [] }),
            responses: { 200: answer('As documented', { type: 'object' }), default: problem },
          },
        },
      ]),
    ),
    ...Object.fromEntries(
      methods.map(({ name, summary, access, params, result, example }) => [
        `/call/${name}`,
        {
          post: {
            operationId: name,
            summary,
            description: `Needs ${access} access.`,
            requestBody: { required: true, content: { 'application/json': { schema: params, example } } },
            responses: {
              200: answer('Done', {
                type: 'object',
                properties: { ok: { const: true }, result },
                required: ['ok', 'result'],
              }),
              default: problem,
            },
          },
        },
      ]),
    ),
  },
  components: {
    securitySchemes: {
      token: { type: 'http', scheme: 'bearer' },
      agent: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    },
    schemas: {
      Error: {
        type: 'object',
        properties: {
          ok: { const: false },
          error: { type: 'string' },
          code: { type: 'string', enum: Object.keys(errors) },
          hint: { type: 'string' },
        },
        required: ['ok', 'error'],
      },
    },
  },
})
