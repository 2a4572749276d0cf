// What is said of the WebSocket to whoever only asks for it.

import { webSocketAnswer } from '../../dialects/orchestrator/agent-answers.ts'
import { type Methods, type Route, said } from './route.ts'

const webSocket: Route = {
  shape: 'flat',
  answer: ({ request }) => said(webSocketAnswer(request.headers.get('host') ?? 'localhost')),
}
export const webSocketRoutes: Record<string, Methods> = {
  '/ws': { GET: webSocket },
}

/** What whoever posts there is told, in a shape of its own. */
export const postToWebSocket = JSON.stringify({
  error: 'Method not allowed. Use WebSocket connection instead.',
})
