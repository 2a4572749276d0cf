// The types that the client ships. A program that uses it has neither our schemas nor zod, so the words of the
// protocol are written out as plain types, with what the schemas say of each field as its comment; the client's own
// types are files of types alone and ship as they stand.

import { z } from 'zod'
import { api } from '../src/protocol/api.ts'
import { errors } from '../src/protocol/error.ts'
import { event } from '../src/protocol/event.ts'
import { lock } from '../src/protocol/locks.ts'
import { session } from '../src/protocol/sessions.ts'
import { status } from '../src/protocol/system.ts'

type Schema = z.core.JSONSchema.BaseSchema

/** Written once and by name wherever they are part of something else. */
const named = { Event: event, Lock: lock, Session: session, Status: status }

const schemaOf = (type: z.ZodType, io: 'input' | 'output'): Schema =>
  z.toJSONSchema(type, { io, unrepresentable: 'any' })

/** `protocol.d.ts`: the words of the protocol. */
export const protocolDeclarations = (): string => {
  const known = new Map<string, string>()
  const shapes = Object.entries(named).map(([name, type]) => {
    const schema = schemaOf(type, 'output')
    const written = `export type ${name} = ${typeText(schema, known)}`
    known.set(identity(schema), name)
    return written
  })
  const methods = Object.entries(api).map(([name, { summary, params, result }]) => {
    const [taken, given] = [schemaOf(params, 'input'), schemaOf(result(), 'output')]
    return `${comment(summary)}'${name}': { params: ${typeText(taken, known)}; result: ${typeText(given, known)} }`
  })
  return [
    ...shapes,
    `export interface Methods {\n${methods.join('\n')}\n}`,
    'export type MethodName = keyof Methods',
    "export type Params<M extends MethodName> = Methods[M]['params']",
    "export type Result<M extends MethodName> = Methods[M]['result']",
    `export type ErrorCode = ${Object.keys(errors)
      .map((code) => `'${code}'`)
      .join(' | ')}`,
    '',
  ]
    .join('\n')
    .replaceAll(/^.*$/gm, indenter())
}

/** Gives each line the depth that the braces before it make. */
const indenter = () => {
  let depth = 0
  return (line: string): string => {
    if (line.startsWith('/**')) return '  '.repeat(depth) + line
    const before = line.startsWith('}') ? depth - 1 : depth
    depth += line.split('{').length - line.split('}').length
    return '  '.repeat(before) + line
  }
}

/** What a schema is, wherever it stands. */
const identity = ({ $schema: _dialect, description: _description, ...schema }: Schema): string =>
  JSON.stringify(schema)

const typeText = (schema: Schema | boolean, known: ReadonlyMap<string, string>): string => {
  if (typeof schema === 'boolean') return schema ? 'unknown' : 'never'
  const name = known.get(identity(schema))
  if (name !== undefined) return name
  const { const: only, enum: some, anyOf, oneOf, type } = schema
  if (only !== undefined) return JSON.stringify(only)
  if (some) return some.map((each) => JSON.stringify(each)).join(' | ')
  const choices = anyOf ?? oneOf
  if (choices) return [...new Set(choices.map((each) => typeText(each, known)))].join(' | ')
  if (Array.isArray(type))
    return [...new Set(type.map((each) => typeText({ ...schema, type: each }, known)))].join(' | ')
  if (type === 'array') return arrayText(schema, known)
  if (type === 'object') return objectText(schema, known)
  if (type === 'integer' || type === 'number') return 'number'
  return type ?? 'unknown'
}

const arrayText = ({ items }: Schema, known: ReadonlyMap<string, string>): string => {
  if (Array.isArray(items)) return `[${items.map((each) => typeText(each, known)).join(', ')}]`
  return `Array<${items === undefined ? 'unknown' : typeText(items, known)}>`
}

const objectText = (schema: Schema, known: ReadonlyMap<string, string>): string => {
  const { properties = {}, required = [], additionalProperties } = schema
  const names = Object.keys(properties)
  if (names.length === 0)
    return additionalProperties === undefined || additionalProperties === false
      ? 'Record<string, never>'
      : `Record<string, ${typeText(additionalProperties, known)}>`
  const fields = Object.entries(properties).map(([name, field]) => {
    const description = typeof field === 'object' ? field.description : undefined
    const optional = required.includes(name) ? '' : '?'
    return `${comment(description)}${name}${optional}: ${typeText(field, known)}`
  })
  return `{\n${fields.join('\n')}\n}`
}

const comment = (text: string | undefined): string =>
  text === undefined ? '' : `/** ${text.replaceAll('*/', '* /')} */\n`

/** A file of types alone, as a declaration: what it takes from the protocol comes from `protocol.d.ts`. */
export const typeFile = (source: string): string =>
  source
    .replaceAll(/from '\.\.\/protocol\/[\w-]+\.ts'/g, "from './protocol.js'")
    .replaceAll(/from '\.\/([\w-]+)\.ts'/g, "from './$1.js'")

const errorClass = `
/** An error with a code of the table. \`message\` says what happened, \`hint\` what to do. */
export declare class PaidError extends Error {
  readonly code: ErrorCode
  readonly hint: string
  constructor(code: ErrorCode, message?: string, hint?: string)
  /** as HTTP has it */
  get status(): number
  /** as the command line ends with it */
  get exit(): number
  toJSON(): { code: ErrorCode; message: string; hint: string }
}
`

/** `AsyncDisposable` is newer than some programs' own settings. */
const libraries = '/// <reference lib="esnext.disposable" />\n'

/** A module's declaration: the types of `types`, and the functions it exports, each by the name of its type. */
export const functionDeclarations = (types: string, functions: Record<string, string>): string =>
  [
    `import type { ${Object.values(functions).join(', ')} } from './${types}.js'\n`,
    `export type * from './${types}.js'\n`,
    ...Object.entries(functions).map(([name, type]) => `export declare const ${name}: ${type}\n`),
  ].join('')

/** The same of a module that also has the protocol's types and errors. */
export const moduleDeclarations = (types: string, functions: Record<string, string>): string =>
  [
    libraries,
    `import type { ErrorCode } from './protocol.js'\n`,
    `export type * from './protocol.js'\n`,
    functionDeclarations(types, functions),
    errorClass,
  ].join('')
