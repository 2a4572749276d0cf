// What is shown of an action and of what it said: everything but what looks like a secret, by its name or by its shape.

import { redact } from '../../lib/redact.ts'
import type { ActionDefinition } from '../../protocol/actions.ts'
import { limits } from '../../protocol/limits.ts'

const secretive = /auth|cookie|token|secret|key|passw|credential|session|signature|private/i

const hidden = '(hidden)'
/** a shorter value is found in too many words that are none */
const leastCharacters = 6

type Values = Readonly<Record<string, string>>

/** The values of an action that nobody but it may see. */
export const secretsOf = (definition: ActionDefinition): readonly string[] => {
  const isSecret = (name: string): boolean =>
    secretive.test(name) || definition.secret?.includes(name) === true
  const values: Values =
    definition.kind === 'command'
      ? (definition.env ?? {})
      : definition.kind === 'http'
        ? (definition.headers ?? {})
        : {}
  const given = Object.entries(values).flatMap(([name, value]) => (isSecret(name) ? [value] : []))
  const asked = definition.kind === 'http' ? [...new URL(definition.url).searchParams] : []
  const inQuery = asked.flatMap(([name, value]) => (isSecret(name) ? [value] : []))
  // of `Bearer …` and `session=…` the last part is the secret; what has lines is told of line by line
  const said = [...given, ...inQuery]
    .flatMap((value) => [value, ...value.split('\n'), value.split(/[\s=]/).at(-1) ?? ''])
    .filter((value) => value.length >= leastCharacters)
  return [...new Set([...said, ...said.map(inJson)])].toSorted((a, b) => b.length - a.length)
}

/** A text as it stands in JSON, between the quotes. */
const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)

/** A text as anybody may read it: without these secrets, and without what looks like one. */
export const safe = (text: string, secrets: readonly string[] = []): string =>
  redact(secrets.reduce((rest, secret) => rest.replaceAll(secret, hidden), text)).text

const shownValues = (values: Values, secrets: readonly string[] = []): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      secretive.test(name) || secrets.includes(name) ? hidden : safe(value),
    ]),
  )

const shownUrl = (address: string): string => {
  const url = new URL(address)
  for (const name of new Set(url.searchParams.keys()))
    if (secretive.test(name)) url.searchParams.set(name, 'hidden')
  return safe(url.href)
}

export const shownDefinition = ({ secret, ...definition }: ActionDefinition): ActionDefinition => {
  if (definition.kind === 'command') {
    const { command, env } = definition
    return {
      ...definition,
      command: command.map((word) => safe(word)),
      ...(env && { env: shownValues(env, secret) }),
    }
  }
  if (definition.kind !== 'http') return definition
  const { headers, url } = definition
  return { ...definition, url: shownUrl(url), ...(headers && { headers: shownValues(headers, secret) }) }
}

/** a secret at the end of what is kept is known by what follows it */
const marginBytes = 1024

/** The beginning of a result, as much of it as an event keeps. */
export const previewOf = (result: unknown, secrets: readonly string[]): unknown => {
  const text = JSON.stringify(result)
  const checked = safe(text.slice(0, limits.actionPreviewBytes + marginBytes), secrets.map(inJson))
  if (checked === text && text.length <= limits.actionPreviewBytes) return result
  return checked.length < limits.actionPreviewBytes
    ? checked
    : `${checked.slice(0, limits.actionPreviewBytes)}…`
}
