// What `prompts search` and `prompts list` narrow by, as the daemon takes it.

import { resolve } from 'node:path'
import { countOf } from '../../count.ts'
import { momentOf } from '../../moment.ts'
import { WrongUsage } from '../../wrong-usage.ts'

export type ScopeFlags = {
  repo: string | undefined
  since: string | undefined
  tool: string | undefined
  limit: string | undefined
}

const usual = 20
const most = 1000

export const scopeOf = ({ repo, since, tool, limit }: ScopeFlags) => {
  const wanted = limit === undefined ? usual : countOf(limit, '--limit')
  if (wanted < 1 || wanted > most) throw new WrongUsage(`--limit is from 1 to ${most}, not ${limit}`)
  return {
    limit: wanted,
    ...(repo !== undefined && { repository: resolve(repo) }),
    ...(since !== undefined && { since: momentOf(since, '--since') }),
    ...(tool !== undefined && { tool }),
  }
}
