// How lists call a session: a short name, when, and where.

import { clip, fit, visible } from './visible.ts'

const shortId = 8

/** Exactly as wide as the names of Claude Code's sessions are short. */
export const shortName = (id: string): string =>
  fit(visible(/^[0-9a-f]{8}-/.test(id) ? id.slice(0, shortId) : id), shortId)

/** 2026-11-21 09:30, by the clock of whoever reads. */
export const minuteOf = (time: number): string => {
  const at = new Date(time)
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`
}

const two = (value: number): string => String(value).padStart(2, '0')

/** From the home, and of a long one its end, which says more than its beginning. */
export const near = (folder: string, width: number): string => {
  const home = process.env['HOME']
  const short = home && `${folder}/`.startsWith(`${home}/`) ? `~${folder.slice(home.length)}` : folder
  return visible(short.length > width ? `…${short.slice(1 - width)}` : short)
}

/** Cut to the terminal, where there is one. */
export const toWidth = (line: string, width: number | undefined): string =>
  (width === undefined ? line : clip(line, width)).trimEnd()
