// NAME=VALUE, as flags and as lines of stdin, where nobody else reads them. A header may be written `NAME: VALUE` too.

import { WrongUsage } from '../../wrong-usage.ts'

/** Undefined when there are none. */
export const pairsOf = async (
  flags: readonly string[],
  fromStdin: boolean,
  flag: '--header' | '--env',
): Promise<Record<string, string> | undefined> => {
  const lines = fromStdin ? (await Bun.stdin.text()).split(/\r?\n/).filter((line) => line.trim() !== '') : []
  const pairs = [
    ...flags.map((text) => pairOf(text, flag, flag)),
    ...lines.map((line, n) => pairOf(line, flag, `line ${n + 1} of stdin`)),
  ]
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs)
}

/** What was given is not repeated in the message: it may be a secret. */
const pairOf = (text: string, flag: '--header' | '--env', where: string): [string, string] => {
  const shape = flag === '--header' ? /^([^=:\s]+)\s*(?:=|:\s*)(.*)$/s : /^([^=\s]+)=(.*)$/s
  const [, name, value] = shape.exec(text) ?? []
  if (name === undefined || value === undefined) throw new WrongUsage(`${where} must be NAME=VALUE`)
  return [name, value]
}
