// What is said of the WebSocket to whoever only asks for it.

import { webSocketAnswer } from '../../dialects/orchestrator/agent-answers.ts'
import { jsonText } from '../answer.ts'
import { type Methods, type Route, said } from './route.ts'

const webSocket: Route = {
  shape: 'flat',
  answer: ({ request }) => said(webSocketAnswer(request.headers.get('host') ?? 'localhost')),
}
const webSocketPost: Route = {
  shape: 'flat',
  answer: () => {
    const error = 'Method not allowed. Use WebSocket connection instead.'
    return jsonText(JSON.stringify({ error }), 405, { allow: 'GET, HEAD' })
  },
}

export const webSocketRoutes: Record<string, Methods> = {
  '/ws': { GET: webSocket, POST: webSocketPost },
}
