// What is shown of an action: everything but the values that look like secrets, by the name they have.

import type { ActionDefinition } from '../../protocol/actions.ts'

const secretive = /auth|cookie|token|secret|key|passw|credential|session|signature|private/i

export const hidden = '(hidden)'

const withoutSecrets = (values: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, secretive.test(name) ? hidden : value]),
  )

/** An address as anybody may read it. */
export const shownUrl = (address: string): string => {
  const url = new URL(address)
  for (const name of new Set(url.searchParams.keys()))
    if (secretive.test(name)) url.searchParams.set(name, hidden)
  return url.href
}

export const shownDefinition = (definition: ActionDefinition): ActionDefinition => {
  if (definition.kind === 'command' && definition.env)
    return { ...definition, env: withoutSecrets(definition.env) }
  if (definition.kind !== 'http') return definition
  const { headers, url } = definition
  return { ...definition, url: shownUrl(url), ...(headers && { headers: withoutSecrets(headers) }) }
}
