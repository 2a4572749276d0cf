// What keeping conversations costs: the hook of a commit, and taking in what was said before.

import { commit } from './capture/commit.ts'
import { importing } from './capture/importing.ts'
import type { Suite } from './stage.ts'

export const capture: Suite = async (stage) => [...(await commit(stage)), ...(await importing(stage))]
