// NAME=VALUE, as flags and as lines of stdin, where nobody else reads them. A header may be written `NAME: VALUE` too.

import { WrongUsage } from '../../wrong-usage.ts'

export type Pairs = {
  values: Record<string, string>
  /** the names that came over stdin: what is kept from `ps` is shown to nobody else either */
  secret: string[]
}

/** Undefined when there are none. */
export const pairsOf = async (
  flags: readonly string[],
  fromStdin: boolean,
  flag: '--header' | '--env',
): Promise<Pairs | undefined> => {
  const lines = fromStdin ? (await Bun.stdin.text()).split(/\r?\n/).filter((line) => line.trim() !== '') : []
  const typed = flags.map((text) => pairOf(text, flag, flag))
  const read = lines.map((line, n) => pairOf(line, flag, `line ${n + 1} of stdin`))
  if (typed.length + read.length === 0) return undefined
  return { values: Object.fromEntries([...typed, ...read]), secret: read.map(([name]) => name) }
}

/** What was given is not repeated in the message: it may be a secret. */
const pairOf = (text: string, flag: '--header' | '--env', where: string): [string, string] => {
  const shape = flag === '--header' ? /^([^=:\s]+)\s*(?:=|:\s*)(.*)$/s : /^([^=\s]+)=(.*)$/s
  const [, name, value] = shape.exec(text) ?? []
  if (name === undefined || value === undefined) throw new WrongUsage(`${where} must be NAME=VALUE`)
  return [name, value]
}
