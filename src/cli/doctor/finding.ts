// What a check gives back.

export type Finding = {
  /** what was looked at; several findings may share a name */
  name: string
  state: 'ok' | 'warning' | 'failed'
  found: string
  /** what to do; null when there is nothing to do */
  advice: string | null
}

export const ok = (name: string, found: string): Finding => ({ name, state: 'ok', found, advice: null })

/** It works, but may not do what its owner thinks. */
export const warning = (name: string, found: string, advice: string): Finding => ({
  name,
  state: 'warning',
  found,
  advice,
})

/** Something does not work, or will not at the next start. */
export const failed = (name: string, found: string, advice: string): Finding => ({
  name,
  state: 'failed',
  found,
  advice,
})
