// What a webhook answered, as a command ends with it.

import { limits } from '../../../protocol/limits.ts'
import { say, sayJson } from '../../output.ts'

/** until the webhook itself says 202, and a little more */
export const answerWithinMs = limits.webhookAnswerMs + 20_000

/** Prints the answer; 1 when it is no success. */
export const answered = (answer: { status: number; answer: unknown }, json: boolean): number => {
  if (json) sayJson(answer)
  else say(`${answer.status} ${JSON.stringify(answer.answer)}`)
  return answer.status < 300 ? 0 : 1
}
