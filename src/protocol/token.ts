// What may be the token of a home: made at the first start, or given by its owner.

import { PaidError } from './error.ts'

const leastLength = 16

/** Throws `bad_request` for what nobody should rely on, naming the place where it stands. */
export const checkedToken = (token: string, place: string): string => {
  if (token.length < leastLength || /\s/.test(token))
    throw new PaidError(
      'bad_request',
      `${place}: a token has ${leastLength} characters at least and no spaces`,
      'Make one: openssl rand -base64 32',
    )
  return token
}
