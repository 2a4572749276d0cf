// Looking into JSON of others: every field may be missing or of another kind.

export type Fields = Record<string, unknown>

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A text that is not empty. */
export const textIn = (fields: Fields, name: string): string | undefined => {
  const value = fields[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A finite number. */
export const numberIn = (fields: Fields, name: string): number | undefined => {
  const value = fields[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

export const fieldsIn = (fields: Fields, name: string): Fields | undefined => {
  const value = fields[name]
  return isFields(value) ? value : undefined
}
