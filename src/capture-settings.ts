// The user's `~/.promptrc.json`: what is captured, and how. It is read when it changes; each of its words goes over the
// default of the same name, however deep it stands. A file that is broken, or a word that is of the wrong kind, is
// said in the log and left out, and everything else counts.

import { statSync } from 'node:fs'
import type { z } from 'zod'
import { type Fields, isFields } from './lib/fields.ts'
import { readOwn } from './lib/own-place.ts'
import { type CaptureSettings, captureSettings, standardCaptureSettings } from './protocol/capture.ts'

/** how long what was read counts before the file is looked at again */
const lookAgainMs = 1000

/**
 * @param path the file, which need not be there
 * @param excludePatterns added to the file's own
 * @param warn told once for each state of the file
 * @param now milliseconds that go on steadily
 */
export const openCaptureSettings = (
  path: string,
  excludePatterns: readonly string[],
  warn: (message: string, values: Fields) => void,
  now = () => performance.now(),
): (() => CaptureSettings) => {
  let settings = withPatterns(standardCaptureSettings, excludePatterns)
  let stamp = ''
  let lookedAt = -Infinity
  return () => {
    if (now() - lookedAt < lookAgainMs) return settings
    lookedAt = now()
    const current = stampOf(path)
    if (current === stamp) return settings
    stamp = current
    const given = current === '' ? {} : read(path, warn)
    settings = withPatterns(
      settle(given, (place, problem) => warn('a setting does not count', { path, place, problem })),
      excludePatterns,
    )
    return settings
  }
}

/** Another with every change of the file; empty without one, a word when it cannot be looked at. */
const stampOf = (path: string): string => {
  try {
    const found = statSync(path, { throwIfNoEntry: false })
    return found ? `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}` : ''
  } catch (error) {
    return String(error)
  }
}

const withPatterns = (settings: CaptureSettings, more: readonly string[]): CaptureSettings => {
  const excludePatterns = [...new Set([...settings.privacy.excludePatterns, ...more])]
  return { ...settings, privacy: { ...settings.privacy, excludePatterns } }
}

const read = (path: string, warn: (message: string, values: Fields) => void): Fields => {
  try {
    const given: unknown = JSON.parse(readOwn(path))
    if (isFields(given)) return given
    throw new Error('it does not hold a JSON object')
  } catch (error) {
    warn('the capture settings cannot be read: the defaults count', {
      path,
      problem: error instanceof Error ? error.message : String(error),
    })
    return {}
  }
}

/** The defaults with what was given over them, but for what is of the wrong kind. */
const settle = (given: Fields, refuse: (place: string, problem: string) => void): CaptureSettings => {
  let left = given
  for (;;) {
    const checked = captureSettings.safeParse(merged(standardCaptureSettings, left))
    if (checked.success) return checked.data
    const issue = checked.error.issues[0]
    const without = issue && removed(left, issue.path)
    if (!issue || !without) return standardCaptureSettings
    refuse(issue.path.join('.'), issue.message)
    left = without
  }
}

const merged = (under: Fields, over: Fields): Fields => {
  const result: Fields = { ...under }
  for (const [name, value] of Object.entries(over)) {
    const below = result[name]
    result[name] = isFields(below) && isFields(value) ? merged(below, value) : value
  }
  return result
}

/** Without what stands at the place, or at the nearest place above it that was given; undefined when nothing was. */
const removed = (from: Fields, [first, ...rest]: z.core.$ZodIssue['path']): Fields | undefined => {
  const name = String(first)
  if (first === undefined || !Object.hasOwn(from, name)) return undefined
  const { [name]: inner, ...others } = from
  const within = rest.length > 0 && isFields(inner) ? removed(inner, rest) : undefined
  return within ? { ...others, [name]: within } : others
}
