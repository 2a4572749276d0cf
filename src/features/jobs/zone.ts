// A time zone as the stretches between its clock changes. Within one, wall time is the instant plus an offset.

import { memo } from '../../lib/memo.ts'

/** From `start` (inclusive) to `end` (exclusive) the clock is `offset` ahead of UTC, and was `before` ahead until `start`. */
export type Stretch = {
  readonly start: number
  readonly end: number
  readonly offset: number
  readonly before: number
}

export type Zone = (instant: number) => Stretch

const zoned = (name: string, instant: number) =>
  Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(name)

const offsetAt = (name: string, instant: number) => zoned(name, instant).offsetNanoseconds / 1e6

const stretchOf = (name: string, instant: number): Stretch => {
  const start = zoned(name, instant + 1).getTimeZoneTransition('previous')?.epochMilliseconds ?? -Infinity
  const end = zoned(name, instant).getTimeZoneTransition('next')?.epochMilliseconds ?? Infinity
  const offset = offsetAt(name, instant)
  return { start, end, offset, before: start === -Infinity ? offset : offsetAt(name, start - 1) }
}

const zoneOf = (name: string): Zone => {
  let last: Stretch | undefined
  return (instant) => {
    if (last === undefined || instant < last.start || instant >= last.end) last = stretchOf(name, instant)
    return last
  }
}

/** A zone by its IANA name; throws a RangeError when there is none of that name. */
export const openZone = memo(500, (name: string): Zone => {
  zoned(name, 0)
  return zoneOf(name)
})

/** The machine's own zone, as it is now. */
export const machineZone = (): string => Temporal.Now.timeZoneId()

const cityOf = (name: string) =>
  name
    .slice(name.lastIndexOf('/') + 1)
    .toLowerCase()
    .replace(/[^a-z]/g, '')

/** Known zones that a mistyped name may mean: those whose city begins with most of the same letters. */
export const zonesLike = (name: string): string[] => {
  const known = Intl.supportedValuesOf('timeZone')
  for (let city = cityOf(name); city.length >= 4; city = city.slice(0, -1)) {
    const like = known.filter((each) => cityOf(each).startsWith(city))
    if (like.length > 0) return like.slice(0, 3)
  }
  return []
}
