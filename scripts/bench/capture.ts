// What capturing costs: the hook of a commit.

import { commit } from './capture/commit.ts'
import type { Suite } from './stage.ts'

export const capture: Suite = async (stage) => [...(await commit(stage))]
