// What keeping conversations costs: the hook of a commit, taking in what was said before, a message of a captured one,
// and finding the secrets in it.

import { addMessage } from './capture/add-message.ts'
import { commit } from './capture/commit.ts'
import { importing } from './capture/importing.ts'
import { redactor } from './capture/redactor.ts'
import type { Suite } from './stage.ts'

export const capture: Suite = async (stage) => [
  ...(await commit(stage)),
  ...(await addMessage(stage)),
  ...redactor(stage),
  ...(await importing(stage)),
]
