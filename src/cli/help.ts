// The help of every command, made from its declaration.

import type { Command, Flag } from './command.ts'

const columns = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(0, ...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd()).join('\n')
}

const flagRow = (long: string, { kind, short, value = 'TEXT', about }: Flag): [string, string] => [
  `${short ? `-${short}, ` : '    '}--${long}${kind === 'switch' ? '' : ` ${value}`}`,
  about + (kind === 'values' ? ' (repeatable)' : ''),
]

export const helpOf = (name: string, command: Command): string => {
  const args = command.args.map((arg) => (arg.optional ? `[${arg.name}]` : arg.name))
  const flags = Object.entries(command.flags)
  const usage = [
    name === '' ? 'paid' : `paid ${name}`,
    ...(command.commands ? ['COMMAND'] : []),
    ...args,
    ...(flags.length > 0 ? ['[flags]'] : []),
  ].join(' ')
  const parts = [command.summary, `Usage: ${usage}`]
  if (command.about) parts.splice(1, 0, command.about)
  if (command.args.length > 0)
    parts.push(`Arguments:\n${columns(command.args.map((arg) => [arg.name, arg.about]))}`)
  if (command.commands)
    parts.push(
      `Commands:\n${columns(Object.entries(command.commands).map(([sub, { summary }]) => [sub, summary]))}`,
    )
  if (flags.length > 0) parts.push(`Flags:\n${columns(flags.map(([long, flag]) => flagRow(long, flag)))}`)
  if (command.examples.length > 0)
    parts.push(`Examples:\n${command.examples.map((line) => `  ${line}`).join('\n')}`)
  if (command.commands)
    parts.push(`\`paid ${name === '' ? '' : `${name} `}COMMAND --help\` says more about one.`)
  return parts.join('\n\n')
}
