// What is shown of an action and of what it said: everything but what looks like a secret, by its name or by its shape.

import { redact } from '../../lib/redact.ts'
import type { ActionDefinition } from '../../protocol/actions.ts'
import { limits } from '../../protocol/limits.ts'

const secretive = /auth|cookie|token|secret|key|passw|credential|session|signature|private/i

const hidden = '(hidden)'

export const safe = (text: string): string => redact(text).text

const withoutSecrets = (values: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, secretive.test(name) ? hidden : safe(value)]),
  )

/** An address as anybody may read it. */
export const shownUrl = (address: string): string => {
  const url = new URL(address)
  for (const name of new Set(url.searchParams.keys()))
    if (secretive.test(name)) url.searchParams.set(name, 'hidden')
  return safe(url.href)
}

export const shownDefinition = (definition: ActionDefinition): ActionDefinition => {
  if (definition.kind === 'command') {
    const { command, env } = definition
    return { ...definition, command: command.map(safe), ...(env && { env: withoutSecrets(env) }) }
  }
  if (definition.kind !== 'http') return definition
  const { headers, url } = definition
  return { ...definition, url: shownUrl(url), ...(headers && { headers: withoutSecrets(headers) }) }
}

/** a secret at the end of what is kept is known by what follows it */
const marginBytes = 1024

/** The beginning of a result, as much of it as an event keeps. */
export const previewOf = (result: unknown): unknown => {
  const text = JSON.stringify(result)
  const checked = safe(text.slice(0, limits.actionPreviewBytes + marginBytes))
  if (checked === text && text.length <= limits.actionPreviewBytes) return result
  return checked.length < limits.actionPreviewBytes
    ? checked
    : `${checked.slice(0, limits.actionPreviewBytes)}…`
}
