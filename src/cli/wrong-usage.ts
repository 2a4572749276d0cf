// The command line was not understood: exit code 2, and what to type instead.

import { PaidError } from '../protocol/error.ts'

export class WrongUsage extends PaidError {
  constructor(message: string, hint = 'See `paid --help`.') {
    super('bad_request', message, hint)
  }
}
