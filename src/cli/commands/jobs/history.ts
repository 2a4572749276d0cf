// `paid jobs history ID`: how its runs ended.

import { withDaemon } from '../../home.ts'
import { say, sayJson, tell } from '../../output.ts'
import { countOf } from '../../count.ts'
import { outcomeLine } from './lines.ts'

type Given = { id: string; limit?: string | undefined; json: boolean }

const history = async ({ id, limit, json }: Given): Promise<void> => {
  const asked = { id, ...(limit !== undefined && { limit: countOf(limit, '--limit') }) }
  const { results } = await withDaemon((daemon) => daemon.call('job.history', asked))
  if (json) return sayJson(results)
  if (results.length === 0) return tell('No run of it has ended.')
  for (const outcome of results) say(outcomeLine(outcome))
}

export default history
