// The flags of `paid start` and `paid restart`, declared once: from this table come the command line and its help, the
// option of the configuration that each sets, how they are kept in `daemon.json`, and how a restart says them again.

type StartFlag = {
  /** `list`: may be repeated */
  readonly kind: 'list' | 'text' | 'switch'
  /** the key of the option it sets */
  readonly option: string
  readonly valueHint?: string
  readonly description: string
  /** its values are paths, meant from the folder of the terminal */
  readonly paths?: true
}

export const startFlags = {
  listen: {
    kind: 'list',
    option: 'listen',
    valueHint: 'HOST:PORT',
    description: 'where to listen; port 0 picks a free one (repeatable)',
  },
  auth: {
    kind: 'text',
    option: 'auth',
    valueHint: 'token|none|frame',
    description: 'what TCP clients must show; none on loopback only; frame: a WebSocket in its first frame',
  },
  photon: {
    kind: 'list',
    option: 'photon.sockets',
    valueHint: 'NAME',
    description: 'serve the clients of this photon at ~/.photon/daemons/NAME.sock (repeatable)',
  },
  'photon-global': {
    kind: 'switch',
    option: 'photon.global',
    description: 'serve newer photon clients at $PHOTON_HOME/.data/daemon.sock',
  },
  'capture-legacy': {
    kind: 'switch',
    option: 'capture.legacySocket',
    description: 'serve capture clients at gitify-prompt/daemon.sock in the temporary folder',
  },
  socket: {
    kind: 'list',
    option: 'sockets',
    valueHint: 'PATH',
    description: 'listen at this socket too (repeatable)',
    paths: true,
  },
  webhooks: {
    kind: 'list',
    option: 'webhooks.listen',
    valueHint: 'HOST:PORT',
    description: 'serve webhooks here, and nothing else but /health (repeatable)',
  },
} as const satisfies Record<string, StartFlag>

export type FlagName = keyof typeof startFlags

type Value = { list: string[]; text: string; switch: true }
/** What was said; absent means not said, and a list that is there has a value at least. */
export type Flags = { [N in FlagName]?: Value[(typeof startFlags)[N]['kind']] }

const entries: readonly (readonly [string, StartFlag])[] = Object.entries(startFlags)

/** What was said, from how `ask` tells each flag's values; `pathOf` makes a path whole. */
export const flagsFrom = (
  ask: (name: string, kind: StartFlag['kind']) => readonly string[] | string | boolean | undefined,
  pathOf: (path: string) => string = (path) => path,
): Flags =>
  Object.fromEntries(
    entries.flatMap(([name, { kind, paths }]): [string, string | true | string[]][] => {
      const said = ask(name, kind)
      if (kind === 'switch') return said === true ? [[name, true]] : []
      if (kind === 'text') return typeof said === 'string' ? [[name, said]] : []
      if (typeof said !== 'object' || said.length === 0) return []
      return [[name, paths ? said.map((path) => pathOf(path)) : [...said]]]
    }),
  )

/** Every flag that was said, with its value and the option it sets. */
export const saidFlags = (
  flags: Flags,
): { name: string; option: string; value: string | true | readonly string[] }[] =>
  entries.flatMap(([name, { option }]) => {
    const value: string | true | readonly string[] | undefined = flags[name as FlagName]
    return value === undefined ? [] : [{ name, option, value }]
  })

/** The words of a command line that says them. */
export const flagWords = (flags: Flags): string[] =>
  saidFlags(flags).flatMap(({ name, value }) => {
    if (value === true) return [`--${name}`]
    return [value].flat().flatMap((each) => [`--${name}`, each])
  })
