// Passwords in addresses: `postgres://name:password@host`. The name stays, the password goes.

import { type Found, occurrences } from './found.ts'
import { isPlaceholder } from './placeholder.ts'

const userInfo = /:\/\/[^\s/:@"'`<>]{0,256}:([^\s/@"'`<>]{1,512})@/y

export function* passwordsInAddresses(text: string): Generator<Found> {
  for (const at of occurrences(text, '://')) {
    userInfo.lastIndex = at
    const password = userInfo.exec(text)?.[1]
    if (password === undefined || isPlaceholder(password)) continue
    const end = userInfo.lastIndex - 1
    yield { start: end - password.length, end, kind: 'url-password' }
  }
}
