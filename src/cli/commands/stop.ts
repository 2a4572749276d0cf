// `paid stop`. When none runs that is no failure: what was asked for is so, and scripts need not look first.

import { here } from '../home.ts'
import { endDaemon } from '../life/end.ts'
import { say } from '../output.ts'

const stop = async (): Promise<void> => {
  say((await endDaemon(here())) ? 'stopped' : 'not running')
}

export default stop
