// Keeping conversations: what taking in old ones costs, and whoever else is served meanwhile.

import { importing } from './capture/importing.ts'
import type { Row } from './report.ts'
import type { Stage, Suite } from './stage.ts'

const parts: readonly Suite[] = [importing]

export const capture: Suite = async (stage: Stage): Promise<Row[]> => {
  const rows: Row[] = []
  for (const part of parts) rows.push(...(await part(stage)))
  return rows
}
