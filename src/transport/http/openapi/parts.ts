// What the operations of the OpenAPI document are put together from.

export type Schema = Record<string, unknown>

export const json = (schema: Schema): Schema => ({ 'application/json': { schema } })

export const answer = (description: string, schema: Schema): Schema => ({
  description,
  content: json(schema),
})

export const problem = {
  description: 'Refused or failed',
  content: json({ $ref: '#/components/schemas/Error' }),
}
