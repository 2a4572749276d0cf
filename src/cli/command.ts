// How a command is declared: name, arguments, flags, help and examples at once, its code when it runs. The tree of
// all commands is in cli.ts.

/** `switch` is said or not, `value` takes one text (the last wins), `values` may be repeated. */
export type Flag = {
  readonly kind: 'switch' | 'value' | 'values'
  readonly about: string
  /** one letter */
  readonly short?: string
  /** what stands for the value in the help: `--limit N` */
  readonly value?: string
}
export type Flags = Record<string, Flag>

type ValueOf<K extends Flag['kind']> = K extends 'switch'
  ? boolean
  : K extends 'values'
    ? string[]
    : string | undefined
export type Values<F extends Flags> = { -readonly [N in keyof F]: ValueOf<F[N]['kind']> }

/** What the code of a command gets; it resolves with an exit code when that is not 0. */
export type Given<V> = { args: string[]; flags: V }
export type Run<V> = (given: Given<V>) => Promise<number | void>

export type Argument = { readonly name: string; readonly about: string; readonly optional?: boolean }

export type Command = {
  readonly summary: string
  readonly about?: string
  readonly args: readonly Argument[]
  readonly flags: Flags
  readonly examples: readonly string[]
  readonly commands?: Record<string, Command>
  /** absent when it only holds others */
  readonly run?: Run<Record<string, unknown>>
}

type Declaration<F extends Flags> = {
  summary: string
  about?: string
  args?: readonly Argument[]
  flags?: F
  examples: readonly string[]
  /** the module with the code; loaded only when the command runs */
  load: () => Promise<{ default: Run<Values<F>> }>
}

/** Ties the flags declared here to the ones its code takes. */
export const command = <const F extends Flags = Flags>({ load, ...declared }: Declaration<F>): Command => ({
  args: [],
  flags: {},
  ...declared,
  run: async ({ args, flags }) => {
    const { default: run } = await load()
    // The parser gives exactly what the flags declare.
    return await run({ args, flags: flags as Values<F> })
  },
})

/** A command that only holds others. */
export const group = (summary: string, commands: Record<string, Command>, examples: string[]): Command => ({
  summary,
  args: [],
  flags: {},
  examples,
  commands,
})
