// From the words that were typed to the command that runs: finds it in the tree, shows its help, checks what it was
// given, hands it to citty, and tells what went wrong. The found command runs by itself and not through its parents,
// whose code citty would run after it.

import { type CommandDef, type CommandMeta, runCommand, type SubCommandsDef } from 'citty'
import { plainWords } from './arguments.ts'
import { nearest } from './nearest.ts'
import { outcomeOf } from './outcome.ts'
import { say } from './output.ts'
import { resolved } from './resolved.ts'
import { withHelp, WrongUsage } from './wrong-usage.ts'

/** Resolves with the exit code. */
export const runTyped = (tree: CommandDef, typed: readonly string[]): Promise<number> =>
  outcomeOf(() => dispatch(tree, typed))

const isHelp = (word: string): boolean => word === '--help' || word === '-h'

const dispatch = async (tree: CommandDef, typed: readonly string[]): Promise<number> => {
  // `paid help lock` is `paid lock --help`
  const words = typed[0] === 'help' ? [...typed.slice(1), '--help'] : typed
  let command = tree
  let depth = 0
  for (let inside = command.subCommands; inside; inside = command.subCommands) {
    const word = words[depth]
    // a group that does something by itself: `paid sessions` lists them
    if (command.run && (word === undefined || (word.startsWith('-') && !isHelp(word)))) break
    if (word === undefined || isHelp(word)) return await help(command, words.slice(0, depth))
    command = await subCommand(await resolved(inside), word, words.slice(0, depth))
    depth++
  }
  const path = words.slice(0, depth)
  const rest = words.slice(depth)
  const end = rest.indexOf('--')
  if (rest.slice(0, end < 0 ? undefined : end).some(isHelp)) return await help(command, path)
  const { rest: follows } = await resolved<CommandMeta>(command.meta ?? {})
  const name = path.join(' ')
  const rawArgs = plainWords(rest, await resolved(command.args ?? {}), name, follows)
  const { subCommands: _, ...alone } = command
  try {
    const { result } = await runCommand(alone, { rawArgs })
    return typeof result === 'number' ? result : 0
  } catch (error) {
    throw withHelp(error, name)
  }
}

const subCommand = async (
  commands: SubCommandsDef,
  word: string,
  above: readonly string[],
): Promise<CommandDef> => {
  const found = Object.hasOwn(commands, word) ? commands[word] : undefined
  if (found) return await resolved<CommandDef>(found)
  const name = ['paid', ...above].join(' ')
  const place = above.length > 0 ? `${above.join(' ')} has` : 'there is'
  if (word.startsWith('-')) throw new WrongUsage(`${place} no flag ${word}`, `See \`${name} --help\`.`)
  const guess = nearest(word, Object.keys(commands))
  throw new WrongUsage(
    `${place} no command "${word}"`,
    guess ? `Did you mean \`${name} ${guess}\`?` : `\`${name} --help\` lists them.`,
  )
}

const help = async (command: CommandDef, path: readonly string[]): Promise<number> => {
  const { helpOf } = await import('./help.ts')
  say(await helpOf(['paid', ...path].join(' '), command))
  return 0
}
