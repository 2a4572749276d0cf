// The environment of a program that the daemon starts: what any program of the user's needs, and nothing that was meant
// for the daemon alone. No token of ours, nothing that steers our runtime.

const kept = new Set(['PATH', 'HOME', 'LANG', 'LANGUAGE', 'TERM', 'USER', 'LOGNAME', 'SHELL', 'TMPDIR', 'TZ'])

const isKept = (name: string): boolean => kept.has(name) || name.startsWith('LC_') || name.startsWith('XDG_')

type Environment = Readonly<Record<string, string | undefined>>

/** @param added is handed on as it is */
export const childEnvironment = (own: Environment, added: Environment = {}): Record<string, string> => {
  const environment: Record<string, string> = {}
  for (const [name, value] of Object.entries(own))
    if (value !== undefined && isKept(name)) environment[name] = value
  for (const [name, value] of Object.entries(added)) if (value !== undefined) environment[name] = value
  return environment
}
