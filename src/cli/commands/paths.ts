// `paid paths`: where files live, whether a daemon runs or not.

import { here } from '../home.ts'
import { say, sayJson } from '../output.ts'

const paths = ({ json }: { json: boolean }): void => {
  const found = here()
  if (json) sayJson(found)
  else for (const [name, path] of Object.entries(found)) say(`${name.padEnd(11)} ${path}`)
}

export default paths
