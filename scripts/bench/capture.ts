// What keeping conversations costs: the hook of a commit, taking in what was said before, a message of a captured one,
// finding the secrets in it, and finding it again.

import { addMessage } from './capture/add-message.ts'
import { commit } from './capture/commit.ts'
import { importing } from './capture/importing.ts'
import { redactor } from './capture/redactor.ts'
import { searching } from './capture/search.ts'
import type { Suite } from './stage.ts'

export const capture: Suite = async (stage) => [
  ...(await commit(stage)),
  ...(await addMessage(stage)),
  ...redactor(stage),
  ...(await importing(stage)),
  ...(await searching(stage)),
]
