// How the values of an expression are compared: kinds are never mixed, so that nothing holds by accident.

export type Value = unknown

type Compare = (left: Value, right: Value) => boolean

/** Numbers by size, texts by their characters' codes; anything else has no order. */
const ordered =
  (holds: (sign: number) => boolean): Compare =>
  (left, right) => {
    if (typeof left === 'number' && typeof right === 'number') return holds(left - right)
    if (typeof left === 'string' && typeof right === 'string')
      return holds(left < right ? -1 : left > right ? 1 : 0)
    return false
  }

const within: Compare = (value, place) =>
  Array.isArray(place)
    ? place.includes(value)
    : typeof place === 'string' && typeof value === 'string' && place.includes(value)

const ofTexts =
  (holds: (text: string, part: string) => boolean): Compare =>
  (text, part) =>
    typeof text === 'string' && typeof part === 'string' && holds(text, part)

export const comparisons: ReadonlyMap<string, Compare> = new Map<string, Compare>([
  ['==', (left, right) => left === right],
  ['!=', (left, right) => left !== right],
  ['<', ordered((sign) => sign < 0)],
  ['<=', ordered((sign) => sign <= 0)],
  ['>', ordered((sign) => sign > 0)],
  ['>=', ordered((sign) => sign >= 0)],
  ['in', within],
  ['contains', (place, value) => within(value, place)],
  ['startsWith', ofTexts((text, part) => text.startsWith(part))],
  ['endsWith', ofTexts((text, part) => text.endsWith(part))],
])
