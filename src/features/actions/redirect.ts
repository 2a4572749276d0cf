// Where a redirect leads, as browsers read it; never to another host, scheme or port.

import { RunFailed } from './outcome.ts'

export type Place = { readonly method: string; readonly url: URL; readonly body: string | undefined }

/** Without its query, which may hold secrets. */
export const shownPlace = ({ method, url }: Place): string => `${method} ${url.origin}${url.pathname}`

/** Undefined when the answer is no redirect. Throws where it leads away. */
export const nextPlace = (place: Place, { status, headers }: Response): Place | undefined => {
  const location = headers.get('location')
  if (![301, 302, 303, 307, 308].includes(status) || location === null) return undefined
  const url = URL.parse(location, place.url.href)
  if (url?.origin !== place.url.origin)
    throw new RunFailed(
      'http',
      `${shownPlace(place)} redirects to ${url?.origin ?? 'nowhere'}, and another host is not followed`,
      { hint: 'Add the action anew with the address that answers.' },
    )
  const { method, body } = place
  const asksAnew = status === 303 ? method !== 'HEAD' : status < 303 && method === 'POST'
  return asksAnew ? { method: 'GET', url, body: undefined } : { method, url, body }
}
