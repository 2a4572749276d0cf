// What citty lets pass, refused before it runs: flags that a command does not declare (with the nearest it has), values
// too few or too many. The words are taken apart by `util.parseArgs`, which is what citty itself stands on, and handed
// on in one plain form, because citty drops a value that begins with `--no-` and keeps the `=` of `-n=5`.

import { parseArgs } from 'node:util'
import type { ArgsDef } from 'citty'
import { nearest } from './nearest.ts'
import { WrongUsage } from './wrong-usage.ts'

/** A positional that takes all there are: its hint says so, `PATTERN…`. */
export const takesMany = ({ valueHint }: { valueHint?: string }): boolean => valueHint?.endsWith('…') === true

/** What a positional is called, in its usage and wherever it is spoken of. */
export const placeName = (argument: string, { valueHint }: { valueHint?: string }): string =>
  valueHint ?? argument.toUpperCase()

/** What stands for itself in such words. */
export const positionals = (words: readonly string[]): string[] => words.slice(words.indexOf('--') + 1)

/**
 * `--flag=value`, `--switch`, then `--` and the arguments. Throws `WrongUsage`; `name` is the command's, for its messages.
 * @param rest what may follow a `--` that was typed, handed on as it is; nothing when not said
 */
export const plainWords = (
  typed: readonly string[],
  declared: ArgsDef,
  name: string,
  rest?: string,
): string[] => {
  const seeHelp = `See \`paid ${name} --help\`.`
  const flags: Record<string, { type: 'boolean' | 'string'; short?: string }> = {}
  for (const [long, { type, ...rest }] of Object.entries(declared)) {
    if (type === 'positional') continue
    const short = 'alias' in rest ? rest.alias : undefined
    flags[long] = {
      type: type === 'boolean' ? 'boolean' : 'string',
      ...(typeof short === 'string' ? { short } : {}),
    }
  }
  const reading = { options: flags, strict: false, allowPositionals: true, tokens: true } as const
  const said: string[] = []
  const args: string[] = []
  const end = rest === undefined ? -1 : typed.indexOf('--')
  const own = end < 0 ? typed : typed.slice(0, end)
  const others = end < 0 ? [] : typed.slice(end + 1)
  for (const token of parseArgs({ args: [...own], ...reading }).tokens) {
    if (token.kind === 'option-terminator') continue
    if (token.kind === 'positional') {
      args.push(token.value)
      continue
    }
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined
    if (!flag) {
      const guess = token.rawName.startsWith('--') && nearest(token.name, Object.keys(flags))
      throw new WrongUsage(
        `${name} has no flag ${token.rawName}`,
        guess ? `Did you mean --${guess}?` : seeHelp,
      )
    }
    if (flag.type === 'boolean') {
      if (token.value !== undefined) throw new WrongUsage(`--${token.name} takes no value`, seeHelp)
      said.push(`--${token.name}`)
      continue
    }
    if (token.value === undefined) throw new WrongUsage(`--${token.name} needs a value`, seeHelp)
    const joined = token.inlineValue && !token.rawName.startsWith('--')
    said.push(`--${token.name}=${joined ? token.value.replace(/^=/, '') : token.value}`)
  }

  const absent = Object.entries(declared).find(
    ([flag, { type, required }]) =>
      type !== 'positional' && required === true && !said.some((word) => word.startsWith(`--${flag}=`)),
  )
  if (absent) throw new WrongUsage(`${name} needs --${absent[0]}: ${absent[1].description}`, seeHelp)
  const places = Object.entries(declared).filter(([, { type }]) => type === 'positional')
  const [missing, about] = places.filter(([, { required }]) => required !== false)[args.length] ?? []
  if (missing !== undefined)
    throw new WrongUsage(`${name} needs ${placeName(missing, about ?? {})}: ${about?.description}`, seeHelp)
  const last = places.at(-1)?.[1]
  const surplus = last && takesMany(last) ? undefined : args[places.length]
  if (surplus !== undefined)
    throw new WrongUsage(
      `${name} does not know what to do with "${surplus}"`,
      rest === undefined ? seeHelp : `What is to be run goes behind --: paid ${name} … -- ${surplus} …`,
    )
  return [...said, '--', ...args, ...others]
}

/** All values of a flag that may be repeated, from such words; citty itself keeps the last. */
export const repeated = (words: readonly string[], flag: string): string[] => {
  const start = `--${flag}=`
  return words
    .slice(0, words.indexOf('--'))
    .flatMap((word) => (word.startsWith(start) ? [word.slice(start.length)] : []))
}
