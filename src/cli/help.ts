// The help of every command, made from its declaration. citty's own rendering knows no examples, colours also where
// nobody looks, and sets names flush right.

import type { ArgDef, CommandDef, CommandMeta } from 'citty'
import { placeName } from './arguments.ts'
import { resolved } from './resolved.ts'

declare module 'citty' {
  interface CommandMeta {
    /** more than the one line of the description */
    about?: string
    examples?: readonly string[]
    /** what may follow a `--`, which is handed on as it was typed: `[-- CMD ARG…]` */
    rest?: string
  }
}

const columns = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(0, ...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd()).join('\n')
}

const flagRow = (
  long: string,
  { type, valueHint = 'TEXT', description = '', ...rest }: ArgDef,
): [string, string] => [
  `${'alias' in rest ? `-${String(rest.alias)}, ` : '    '}--${long}${type === 'boolean' ? '' : ` ${valueHint}`}`,
  description,
]

/** `name` is all that is typed to get there: `paid hooks install`. */
export const helpOf = async (name: string, command: CommandDef): Promise<string> => {
  const { description = '', about, examples = [], rest } = await resolved<CommandMeta>(command.meta ?? {})
  const declared = Object.entries(await resolved(command.args ?? {}))
  const args = declared.filter(([, { type }]) => type === 'positional')
  const flags = declared.filter(([, { type }]) => type !== 'positional')
  const commands = command.subCommands && Object.entries(await resolved(command.subCommands))
  const usage = [
    name,
    ...(commands ? [command.run ? '[COMMAND]' : 'COMMAND'] : []),
    ...args.map(([arg, def]) => (def.required === false ? `[${placeName(arg, def)}]` : placeName(arg, def))),
    ...(flags.length > 0 ? ['[flags]'] : []),
    ...(rest === undefined ? [] : [rest]),
  ].join(' ')
  const parts = [description, ...(about === undefined ? [] : [about]), `Usage: ${usage}`]
  if (args.length > 0)
    parts.push(
      `Arguments:\n${columns(args.map(([arg, def]) => [placeName(arg, def), def.description ?? '']))}`,
    )
  if (commands) {
    const rows = commands.map(async ([sub, def]): Promise<[string, string]> => {
      const meta = await resolved<CommandMeta>((await resolved<CommandDef>(def)).meta ?? {})
      return [sub, meta.description ?? '']
    })
    parts.push(`Commands:\n${columns(await Promise.all(rows))}`)
  }
  if (flags.length > 0) parts.push(`Flags:\n${columns(flags.map(([long, def]) => flagRow(long, def)))}`)
  if (examples.length > 0) parts.push(`Examples:\n${examples.map((line) => `  ${line}`).join('\n')}`)
  if (commands) parts.push(`\`${name} COMMAND --help\` says more about one.`)
  return parts.join('\n\n')
}
