// The README as a test reads it: its fenced blocks in order, and its tables.
// A fence's words are its language and what a test does with it: `sh` is run, `sh follow` runs beside what comes after
// it, `text` is what was printed, `text follow` what the one that runs beside has printed since.

import { join } from 'node:path'

export type Block = { words: string; body: string }
export type Table = { header: string[]; rows: string[][] }

export const readmeText = (): Promise<string> => Bun.file(join(import.meta.dir, '../../README.md')).text()

/** The text of the section with this heading, up to the next one of its level. */
export const sectionOf = async (heading: string): Promise<string> => {
  const text = await readmeText()
  const [, section] = text.split(`\n## ${heading}\n`)
  if (section === undefined) throw new Error(`The README has no section "${heading}"`)
  return section.split(/\n## (?=\w)/, 1)[0] ?? ''
}

export const blocksOf = (section: string): Block[] =>
  [...section.matchAll(/^```(.*)\n([^]*?)^```$/gm)].map(([, words = '', body = '']) => ({ words, body }))

export const tablesOf = (section: string): Table[] =>
  [...section.matchAll(/(?:^\|.*\|\n)+/gm)].map(([text]) => {
    const [header = [], , ...rows] = text.trim().split('\n').map(cellsOf)
    return { header, rows }
  })

/** A `|` inside a cell is written `\|`. */
const cellsOf = (line: string): string[] =>
  line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll(String.raw`\|`, '|'))

/** The texts between backticks. */
export const codesIn = (text: string): string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)

/**
 * What a block shows, as a pattern: `…` is any text, a number any number (times, pids, ids), and columns may be wider.
 */
export const shown = (text: string): RegExp =>
  new RegExp(
    text
      .trim()
      .replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
      .replace(/\d+/g, String.raw`\d+`)
      .replace(/[^\S\n]+/g, String.raw`[^\S\n]+`)
      .replace(/\s*…\s*/g, '[^]*?'),
  )
