// The command line was not understood: exit code 2, and what to type instead.

import { errors, PaidError } from '../protocol/error.ts'

const anyHelp = 'See `paid --help`.'

export class WrongUsage extends PaidError {
  constructor(message: string, hint = anyHelp) {
    super('bad_request', message, hint)
  }
}

/**
 * A refusal that says no more than where help is, with the help of the command that was typed: what the daemon says of
 * a value it does not take speaks of HTTP. Whatever else was thrown comes back as it is.
 */
export const withHelp = (error: unknown, command: string): unknown => {
  if (!(error instanceof PaidError) || error.code !== 'bad_request') return error
  if (error.hint !== anyHelp && error.hint !== errors.bad_request.hint) return error
  const hint =
    command === 'call'
      ? '`paid call system.methods` says what each takes.'
      : `See \`paid ${command} --help\`.`
  return new PaidError(error.code, error.message, hint)
}
