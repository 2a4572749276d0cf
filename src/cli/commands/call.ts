// `paid call METHOD [JSON]`: any method of the daemon, its answer as JSON.

import type { MethodName, Params } from '../../protocol/api.ts'
import { withDaemon } from '../home.ts'
import { readJson } from '../input.ts'
import { sayJson } from '../output.ts'

const call = async ({ method, json = '{}' }: { method: string; json?: string | undefined }) => {
  const params = await readJson(json, 'what the method takes')
  // The daemon knows its methods and what they take, and says so by name.
  sayJson(await withDaemon((daemon) => daemon.call(method as MethodName, params as Params<MethodName>)))
}

export default call
