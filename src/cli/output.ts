// What a command says: results to stdout, talk to stderr. Written at once and in order, and the end of whoever reads
// (`| head`) is the end of the command, without a word.
// `process.stdout` and `node:tty` are left alone here: loading them costs more than the rest of a command.

import { fstatSync, writeSync } from 'node:fs'

/** A line (or lines) on stdout. */
export const say = (text: string): void => write(1, `${text}\n`)

/** A part of a line on stdout. */
export const sayPart = (text: string): void => write(1, text)

/** A line on stderr. */
export const tell = (text: string): void => write(2, `${text}\n`)

/** The one document that `--json` promises: indented for people, on one line for programs. */
export const sayJson = (value: unknown): void =>
  say(JSON.stringify(value, null, isTerminal(1) ? 2 : 0) ?? 'null')

/** A character device: a terminal, or nothing that minds being taken for one. */
export const isTerminal = (descriptor: 0 | 1 | 2): boolean => {
  try {
    return fstatSync(descriptor).isCharacterDevice()
  } catch {
    return false
  }
}

/** Colours are for terminals, and for people who did not say NO_COLOR. */
export const hasColours = (
  descriptor: 1 | 2,
  env: Record<string, string | undefined> = process.env,
): boolean => !env['NO_COLOR'] && env['TERM'] !== 'dumb' && isTerminal(descriptor)

const write = (descriptor: 1 | 2, text: string): void => {
  let rest = Buffer.from(text)
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest))
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      // A pipe that somebody made non-blocking is full: its reader is slow, and we have nothing else to do.
      if (code === 'EAGAIN') Bun.sleepSync(2)
      else if (descriptor === 2) return
      else if (code === 'EPIPE') process.exit(0)
      else {
        tell(`paid: stdout cannot be written: ${error instanceof Error ? error.message : String(error)}`)
        process.exit(1)
      }
    }
  }
}
