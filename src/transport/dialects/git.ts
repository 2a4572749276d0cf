// What `paid hook git` says of a commit, as it is posted and as it waits in the spool.

import type { Params } from '../../protocol/api.ts'
import { parseJson } from './json.ts'

/** Throws `invalid_json`; what the words mean is the method's to judge. */
export const decodeCommit = (text: string): Params<'commit.record'> =>
  // checked by the method's own schema, as every call is
  parseJson(text) as Params<'commit.record'>
