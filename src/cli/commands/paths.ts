// `paid paths`: where files live, whether a daemon runs or not.

import { here } from '../home.ts'
import { say, sayJson } from '../output.ts'
import type { Run } from '../command.ts'

const paths: Run<{ json: boolean }> = async ({ flags }) => {
  const found = here()
  if (flags.json) sayJson(found)
  else for (const [name, path] of Object.entries(found)) say(`${name.padEnd(11)} ${path}`)
}

export default paths
