// The daemon's own log file: one line an entry, rotated by size, never a secret or a payload in it. Values are printed
// as JSON, so nothing that was sent to the daemon can begin a line of its own or reach a terminal as an escape.

import { closeSync, constants, lstatSync, openSync, renameSync, writeSync } from 'node:fs'
import { limits } from '../protocol/limits.ts'

export const levels = ['debug', 'info', 'warn', 'error'] as const
export type Level = (typeof levels)[number]

type Values = Record<string, unknown>
export type Logger = Record<Level, (message: string, values?: Values) => void>

export const createLogger = ({
  path,
  level,
  echo,
}: {
  path: string
  level: Level
  echo?: ((line: string) => void) | undefined
}): Logger => {
  let size = sizeOf(path)

  const rotate = (): void => {
    for (let n = limits.logFilesKept - 1; n >= 0; n--) {
      try {
        renameSync(n === 0 ? path : `${path}.${n}`, `${path}.${n + 1}`)
      } catch {
        // not there yet
      }
    }
    size = 0
  }

  const write = (entry: Level, message: string, values: Values = {}): void => {
    if (levels.indexOf(entry) < levels.indexOf(level)) return
    let line = `${new Date().toISOString()} ${entry.padEnd(5)} ${message}`
    for (const [name, value] of Object.entries(values)) line += ` ${name}=${printed(value)}`
    echo?.(line)
    try {
      if (size > limits.logFileBytes) rotate()
      append(path, `${line}\n`)
      size += line.length + 1
    } catch {
      // a full disk must not take the daemon down with its diary
    }
  }

  return {
    debug: (message, values) => write('debug', message, values),
    info: (message, values) => write('info', message, values),
    warn: (message, values) => write('warn', message, values),
    error: (message, values) => write('error', message, values),
  }
}

const printed = (value: unknown): string =>
  value instanceof Error
    ? JSON.stringify(value.stack ?? value.message)
    : (JSON.stringify(value) ?? 'undefined')

const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants

/** By its name each time: a log that was moved away begins anew. Through no symlink. */
const append = (path: string, text: string): void => {
  const file = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600)
  try {
    writeSync(file, text)
  } finally {
    closeSync(file)
  }
}

const sizeOf = (path: string): number => {
  try {
    return lstatSync(path).size
  } catch {
    return 0
  }
}
