// `/sessions` and `/status` in the OpenAPI document.

import { answer, json, problem, type Schema } from './parts.ts'

const object: Schema = { type: 'object' }

const operation = (
  operationId: string,
  summary: string,
  [status, description]: [number, string],
  more: Schema = {},
): Schema => ({
  operationId,
  summary,
  ...more,
  responses: { [status]: answer(description, object), default: problem },
})

const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } }
const task = { description: 'the text, or an object with it as its description', type: ['string', 'object'] }
const bodyOf = (properties: Schema, more: Schema = {}): Schema => ({
  requestBody: { required: true, content: json({ type: 'object', properties, ...more }) },
})

export const sessionOperations: Schema = {
  '/sessions': {
    get: operation('getSessions', 'Sessions, in the words of the listener', [200, 'The last heard first']),
    post: operation(
      'postSession',
      'Start a session: with a task, or in a directory',
      [201, 'It starts'],
      bodyOf(
        { task, directory: { type: 'string' }, approvedNewDirectoryCreation: { type: 'boolean' } },
        { anyOf: [{ required: ['task'] }, { required: ['directory'] }] },
      ),
    ),
  },
  '/sessions/{id}': {
    get: operation('getSession', 'One session', [200, 'As it is now'], { parameters: [id] }),
    delete: operation('deleteSession', 'End a session', [200, 'Nothing of it runs'], { parameters: [id] }),
  },
  '/sessions/{id}/tasks': {
    post: operation('postTask', 'Tell a session its next task', [202, 'It will be done'], {
      parameters: [id],
      ...bodyOf({ task }, { required: ['task'] }),
    }),
  },
  '/status': {
    get: operation('getStatus', 'The daemon as the orchestrator daemon shows itself', [200, 'As it is now']),
  },
}
