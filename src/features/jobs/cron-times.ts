// The times of day of a cron expression, numbered from 0: how many lie before a moment, and which is the nth. So a
// thousand firings are counted, not walked.

/** Places of `values` among 0..size: at index n, how many values are smaller than n. */
const belowEach = (values: readonly number[], size: number): number[] => {
  const set = new Set(values)
  const below = [0]
  for (let value = 0, count = 0; value < size; value++) {
    if (set.has(value)) count++
    below.push(count)
  }
  return below
}

export type Times = {
  readonly count: number
  /** How many firings are earlier than this, in milliseconds since midnight; whole seconds. */
  readonly before: (ms: number) => number
  /** The nth firing of the day, from 0, in milliseconds since midnight. */
  readonly at: (index: number) => number
}

export const createTimes = (
  hours: readonly number[],
  minutes: readonly number[],
  seconds: readonly number[],
): Times => {
  const below = {
    hours: belowEach(hours, 24),
    minutes: belowEach(minutes, 60),
    seconds: belowEach(seconds, 60),
  }
  const inHour = minutes.length * seconds.length

  /** Firings before `value` in a table, and whether `value` itself is in it. */
  const look = (table: readonly number[], value: number) => {
    const smaller = table[value] ?? 0
    return { smaller, within: (table[value + 1] ?? smaller) > smaller }
  }

  return {
    count: hours.length * inHour,
    before: (ms) => {
      const second = ms / 1000
      const hour = look(below.hours, Math.floor(second / 3600))
      if (!hour.within) return hour.smaller * inHour
      const minute = look(below.minutes, Math.floor(second / 60) % 60)
      const earlier = hour.smaller * inHour + minute.smaller * seconds.length
      return minute.within ? earlier + (below.seconds[second % 60] ?? 0) : earlier
    },
    at: (index) => {
      const hour = hours[Math.floor(index / inHour)] ?? 0
      const minute = minutes[Math.floor((index % inHour) / seconds.length)] ?? 0
      const second = seconds[index % seconds.length] ?? 0
      return ((hour * 60 + minute) * 60 + second) * 1000
    },
  }
}
