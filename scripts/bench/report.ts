// What a suite found, and how it is printed. A row is judged by its ratio to the floor, or, where there is no floor, by
// its own figure.

import { median } from './rounds.ts'
import type { Measured } from './measured.ts'

/** `least` and `aim` are lower bounds when more is better, upper bounds when less is. */
export type Row = {
  what: string
  unit: string
  ours: number
  floor?: number
  ratio?: number
  better: 'more' | 'less'
  least?: number
  aim?: number
  /** what helps to believe the figure */
  notes: string[]
}

/** A row of what each round found; its ratio is the median of the rounds' own. */
export const rowOf = ({
  floors = [],
  ours,
  ...row
}: Omit<Row, 'ours' | 'floor' | 'ratio'> & { ours: readonly number[]; floors?: readonly number[] }): Row => {
  if (floors.length === 0) return { ...row, ours: median(ours) }
  const ratios = ours.map((own, round) => own / (floors[round] ?? NaN))
  const spread = `ratio of the rounds ${ratio(Math.min(...ratios))} to ${ratio(Math.max(...ratios))}`
  return {
    ...row,
    ours: median(ours),
    floor: median(floors),
    ratio: median(ratios),
    notes: ours.length > 1 && ours.length < 20 ? [spread, ...row.notes] : row.notes,
  }
}

/** more than this and a round says more about the other programs of the machine than about either */
const quietCores = 0.35
const leastRounds = 2

/** The rounds in which the machine was ours on both sides, if there were enough of them; else all. */
const quietRounds = (ours: readonly Measured[], floors: readonly Measured[]) => {
  const quiet = (one: Measured | undefined) => (one?.otherCores ?? 0) < quietCores
  const kept = ours.flatMap((own, round) => {
    const floor = floors[round]
    return floor && quiet(own) && quiet(floor) ? [{ own, floor }] : []
  })
  if (kept.length < leastRounds)
    return { ours, floors, note: `${kept.length} of ${ours.length} rounds were quiet: all count` }
  return {
    ours: kept.map(({ own }) => own),
    floors: kept.map(({ floor }) => floor),
    note: `${kept.length} of ${ours.length} rounds were quiet and count`,
  }
}

/** A row of two series of load: things per second. */
export const loadRow = (
  what: string,
  {
    notes = [],
    unit = '/s',
    ...found
  }: {
    ours: readonly Measured[]
    floors: readonly Measured[]
    least?: number
    aim?: number
    notes?: string[]
    unit?: string
  },
): Row => {
  const { ours, floors, note } = quietRounds(found.ours, found.floors)
  const micros = (all: readonly Measured[]) => median(all.map(({ serverMicros }) => serverMicros ?? NaN))
  const cores = (all: readonly Measured[]) =>
    median(all.map(({ generatorCores }) => generatorCores)).toFixed(2)
  const others = [...ours, ...floors].map(({ otherCores }) => otherCores ?? NaN)
  const cost = Number.isNaN(micros(ours))
    ? []
    : [
        `server CPU each: ours ${micros(ours).toFixed(2)} µs, floor ${micros(floors).toFixed(2)} µs, ` +
          `by which the ratio were ${ratio(micros(floors) / micros(ours))}`,
        `cores: generator ${cores(ours)} for ours, ${cores(floors)} for the floor; others ${median(others).toFixed(2)}; ${note}`,
      ]
  return rowOf({
    what,
    unit,
    ours: ours.map(({ perSecond }) => perSecond),
    floors: floors.map(({ perSecond }) => perSecond),
    better: 'more',
    ...(found.least !== undefined && { least: found.least }),
    ...(found.aim !== undefined && { aim: found.aim }),
    notes: [...cost, ...notes],
  })
}

export const verdictOf = ({ ours, ratio, better, least, aim }: Row): string => {
  const judged = ratio ?? ours
  const reaches = (bound: number) => (better === 'more' ? judged >= bound : judged <= bound)
  if (least === undefined) return ''
  if (!reaches(least)) return 'BELOW'
  return aim === undefined ? 'pass' : reaches(aim) ? 'pass, aim' : 'pass'
}

const heads = ['what', 'ours', 'floor', 'ratio', 'at least', 'aim', '']

/** The rows as a table of Markdown, each row's notes under it when asked for. */
export const tableOf = (rows: readonly Row[]): string => {
  const cells = rows.map((row) => {
    const bound = (value: number | undefined) =>
      value === undefined
        ? ''
        : `${row.better === 'more' ? '' : '<= '}${row.ratio === undefined ? figure(value, row.unit) : ratio(value)}`
    return [
      row.what,
      figure(row.ours, row.unit),
      row.floor === undefined ? '' : figure(row.floor, row.unit),
      row.ratio === undefined ? '' : ratio(row.ratio),
      bound(row.least),
      bound(row.aim),
      verdictOf(row),
    ]
  })
  const widths = heads.map((head, at) => Math.max(head.length, ...cells.map((row) => row[at]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`
  return [
    line(heads),
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...cells.map(line),
  ].join('\n')
}

export const notesOf = (rows: readonly Row[]): string =>
  rows
    .filter(({ notes }) => notes.length > 0)
    .map(({ what, notes }) => [what, ...notes.map((note) => `    ${note}`)].join('\n'))
    .join('\n')

const ratio = (value: number): string => value.toFixed(2)

const figure = (value: number, unit: string): string =>
  `${value >= 1000 ? Math.round(value).toLocaleString('en-US') : value >= 100 ? value.toFixed(0) : value.toFixed(1)}${unit.startsWith('/') ? '' : ' '}${unit}`
